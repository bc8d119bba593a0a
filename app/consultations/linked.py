"""A consultation has an opening, a closing, who holds it, and takes place at its own address: an event of schema.org."""

from typing import Any

from app.consultations.models import Consultation
from app.contents.linked import identity
from app.core.linked_data import describes
from app.territories.linked import organization


@describes("consultation")
def consultation_data(consultation: Consultation) -> dict[str, Any] | None:
    if not consultation.is_public:
        return None
    about = identity(consultation)
    return {
        "@type": "Event",
        **about,
        "startDate": consultation.opens_at or consultation.published_at,
        "endDate": consultation.closes_at,
        "eventStatus": "https://schema.org/EventScheduled",
        "eventAttendanceMode": "https://schema.org/OnlineEventAttendanceMode",
        "location": {"@type": "VirtualLocation", "url": about["url"]},
        "isAccessibleForFree": True,
        "organizer": organization(consultation.territory),
    }
