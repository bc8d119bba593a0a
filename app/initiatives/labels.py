"""The words of a sheet: its sections, in the order they are read, its short facts, its lists and its steps."""

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
        "users": (_l("Qui s’en sert"), _l("Les territoires qui l’ont essayé. Liez aussi leurs fiches : elles s’afficheront ici.")),
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

# The controlled lists, and which kinds choose from which. A kind's `SINGLE` lists take one term at most.
VOCABULARIES = {
    "theme": _l("Thèmes"),
    "approach": _l("Type de démarche"),
    "level": _l("Niveau de participation"),
    "public": _l("Public"),
    "promoter": _l("Porteur"),
    "document_kind": _l("Nature du document"),
    "licence": _l("Licence"),
}
CHOSEN = {
    "initiative": ("theme", "approach", "level", "public", "promoter"),
    "document": ("theme", "approach", "public", "document_kind", "licence"),
    "tool": ("theme", "approach", "public", "licence"),
}
SINGLE = frozenset({"level", "promoter", "document_kind", "licence"})
IN_WORDS = {"promoter": "promoter", "licence": "licence"}  # list → the fact that says it in words: what is in no list, or more than it says

# What an empty region starts with: curators rename, merge and add. Themes and promoters are each region's own.
FIRST_TERMS = {
    "approach": {
        "consultation": _l("Consultation"),
        "budget-participatif": _l("Budget participatif"),
        "instance": _l("Conseil ou instance permanente"),
        "en-ligne": _l("Participation en ligne"),
        "interpellation": _l("Interpellation et pétition"),
        "pedagogie": _l("Pédagogie citoyenne"),
        "expression": _l("Expression publique"),
    },
    "level": {
        "informer": _l("Informer"),
        "consulter": _l("Consulter"),
        "concerter": _l("Concerter"),
        "co-construire": _l("Construire ensemble"),
        "deleguer": _l("Laisser décider"),
    },
    "public": {
        "tous": _l("Tous les habitants"),
        "jeunes": _l("Jeunes"),
        "aines": _l("Personnes âgées"),
        "eloignes": _l("Personnes éloignées de la vie publique"),
        "associations": _l("Associations et commerçants"),
        "agents-elus": _l("Agents et élus"),
    },
    "document_kind": {
        "guide": _l("Guide pratique"),
        "rapport": _l("Rapport ou bilan"),
        "etude": _l("Étude"),
        "charte": _l("Charte ou règlement"),
        "presentation": _l("Présentation"),
    },
    "licence": {
        "licence-ouverte-2": _l("Licence Ouverte 2.0"),
        "cc-by-4": _l("Creative Commons Attribution 4.0"),
        "cc-by-sa-4": _l("Creative Commons Attribution – Partage à l’identique 4.0"),
        "logiciel-libre": _l("Logiciel libre"),
        "tous-droits-reserves": _l("Tous droits réservés"),
    },
}
FACT_LABELS = {
    "promoter": _l("Porté par"),
    "place": _l("Où"),
    "when": _l("Quand"),
    "participants": _l("Participants"),
    "cost": _l("Coût"),
    "staff_time": _l("Temps d’agent"),
    "writer": _l("Auteur"),
    "issued_year": _l("Année"),
    "issued_on": _l("Date"),
    "licence": _l("Conditions"),
    "price": _l("Prix"),
    "hosting": _l("Hébergement"),
    "address": _l("Adresse"),
}
LANGUAGES = {
    "fr": _l("Français"),
    "en": _l("Anglais"),
    "nl": _l("Néerlandais"),
    "es": _l("Espagnol"),
    "de": _l("Allemand"),
    "it": _l("Italien"),
    "pt": _l("Portugais"),
}

# What a curator looks at before a sheet is published. The keys are stored: a point that is reworded keeps its own.
CHECKLIST = {
    "understood": _l("Quelqu’un qui n’y était pas comprend ce qui a été fait."),
    "true": _l("Les chiffres et les dates ont une source."),
    "honest": _l("La fiche dit aussi ce qui n’a pas marché."),
    "tagged": _l("Les thèmes, la démarche, le niveau et le public sont choisis."),
    "linked": _l("La fiche est liée au projet, à l’outil ou au document qu’elle cite."),
    "people": _l("Aucune personne privée n’est nommée sans son accord."),
    "images": _l("Les images ont un texte de remplacement, et le droit d’être publiées."),
    "plain": _l("Les phrases sont courtes, sans sigle inexpliqué."),
}
