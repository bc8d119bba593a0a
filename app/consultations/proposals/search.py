from app.consultations.proposals.models import Proposal, Source


def declare() -> None:
    from app.search.registry import Document, searchable

    @searchable(Proposal, whole=False)
    def proposal_document(proposal: Proposal) -> Document:
        return Document.of(proposal)

    @searchable(Source)
    def source_document(source: Source) -> Document:
        return Document.of(source)
