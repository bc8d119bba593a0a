from app.comments.models import Argument, Comment


def declare() -> None:
    from app.search.registry import Document, searchable

    @searchable(Argument)
    def argument_document(argument: Argument) -> Document:
        return Document.of(argument)

    @searchable(Comment)
    def comment_document(comment: Comment) -> Document:
        return Document.of(comment)
