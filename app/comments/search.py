from app.comments.models import Argument, Comment


def declare() -> None:
    from app.search.registry import Document, searchable

    @searchable(Argument, whole=False, is_titled=False)
    def argument_document(argument: Argument) -> Document:
        return Document.of(argument)

    @searchable(Comment, whole=False, is_titled=False)
    def comment_document(comment: Comment) -> Document:
        return Document.of(comment)
