from app.consultations.models import Consultation
from app.core.text import plain


def declare() -> None:
    from app.search.registry import Document, searchable

    @searchable(Consultation)
    def consultation_document(consultation: Consultation) -> Document:
        parts = [plain(consultation.body_html), consultation.asked, consultation.becomes, plain(consultation.conclusion_html)]
        return Document.of(consultation, body=" ".join(filter(None, parts)))
