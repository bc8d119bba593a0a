"""The register of acts of power: decisions, roles, settings, identified exports. One hash chain per territory, and one for the region.

Written in the same transaction as the act, or the act does not happen. Any change made before the last published
checkpoint can be found by `flask audit verify`.
"""


def init_app(app):
    from pathlib import Path

    from app.audit import cli, keys, rules, tasks, views  # noqa: F401
    from app.core.secret_files import kept_secret

    if not app.config.get("AUDIT_KEY"):
        kept_secret(Path(app.config["INSTANCE_DIR"]) / keys.FILE, keys.fresh)
    app.cli.add_command(cli.audit)
    app.register_blueprint(views.blueprint)
