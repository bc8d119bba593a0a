"""The words for a project's kind and maturity."""

from app.core.i18n import _l
from app.projects.models import Maturity, ProjectKind

KINDS = {
    ProjectKind.CONSULTATION: _l("Consultation"),
    ProjectKind.EDUCATION: _l("Pédagogie citoyenne"),
    ProjectKind.EXPRESSION: _l("Expression publique"),
}
MATURITIES = {
    Maturity.IDEA: _l("Idée"),
    Maturity.GROWING: _l("Maturation"),
    Maturity.RUNNING: _l("En cours"),
    Maturity.DONE: _l("Réalisé"),
    Maturity.EVALUATED: _l("Évalué"),
}
