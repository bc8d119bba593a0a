"""The words of a sheet: its sections, in the order they are read, and its short facts."""

from app.core.i18n import _l
from app.initiatives.models import Step

SECTIONS = {
    "initiative": {
        "context": (_l("Contexte"), _l("Ce qui se passait avant, et pour qui c’était un problème.")),
        "aims": (_l("Objectifs"), _l("Ce que l’on voulait obtenir.")),
        "method": (_l("Méthode"), _l("Comment on s’y est pris, pas à pas.")),
        "tools": (_l("Outils"), _l("Ce que l’on a utilisé.")),
        "results": (_l("Résultats"), _l("Ce qui a changé, avec des chiffres si vous en avez.")),
        "decided": (_l("Ce qui a été décidé"), _l("Ce que la participation a fait décider.")),
        "practices": (_l("Bonnes pratiques"), _l("Ce qu’il faut refaire. Une idée par ligne, après un tiret.")),
        "pitfalls": (_l("Écueils"), _l("Ce qu’il faut éviter. Une idée par ligne, après un tiret.")),
    },
    "document": {
        "abstract": (_l("Résumé"), _l("Ce que dit ce document, et à qui il sert.")),
        "contents": (_l("Ce que l’on y trouve"), _l("Les parties utiles, avec leurs pages.")),
    },
    "tool": {
        "purpose": (_l("À quoi cela sert"), _l("Le problème que l’outil résout.")),
        "use": (_l("Mode d’emploi"), _l("Les étapes, le temps, le matériel.")),
        "accessibility": (_l("Accessibilité"), _l("Qui peut s’en servir, et qui ne le peut pas.")),
        "limits": (_l("Limites"), _l("Ce que l’outil ne fait pas.")),
    },
}
KIND_LABELS = {
    "initiative": (_l("Initiative"), _l("Initiatives")),
    "document": (_l("Document de référence"), _l("Documents de référence")),
    "tool": (_l("Outil"), _l("Outils")),
}
STEPS = {
    Step.DRAFT: _l("Brouillon"),
    Step.PROPOSED: _l("Proposée"),
    Step.REVIEW: _l("En relecture"),
    Step.PUBLISHED: _l("Publiée"),
    Step.ARCHIVED: _l("Archivée"),
}
VOCABULARIES = {"theme": _l("Thèmes"), "approach": _l("Type de démarche"), "level": _l("Niveau de participation"), "public": _l("Public")}
FACT_LABELS = {
    "promoter": _l("Porté par"),
    "place": _l("Où"),
    "when": _l("Quand"),
    "participants": _l("Participants"),
    "cost": _l("Coût"),
    "staff_time": _l("Temps d’agent"),
    "writer": _l("Auteur"),
    "issued_year": _l("Année"),
    "licence": _l("Licence"),
    "price": _l("Prix"),
    "hosting": _l("Hébergement"),
    "address": _l("Adresse"),
}
