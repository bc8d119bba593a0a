"""The demonstration region: five territories told from data/, dated from the day of loading; `flask demo` makes and multiplies it."""


def init_app(app):
    from app.demo.cli import demo

    app.cli.add_command(demo)
