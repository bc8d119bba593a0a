# ruff: noqa: E501 - sample sentences are as long as people write them
"""/composants: every component with sample data, and whole pages made of them. In development and tests only.

People, figures and decisions shown here are invented.
"""

from datetime import timedelta
from types import SimpleNamespace as Thing
from typing import Any

from flask import Blueprint, Flask, abort, render_template
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FileField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired, Length

from app.core import clock
from app.core.forms import Form
from app.core.text import html

showcase = Blueprint("showcase", __name__, url_prefix="/composants", template_folder="templates")

PAGES = {
    "consultation": "Une consultation",
    "debat": "Un débat",
    "catalogue": "Une recherche",
    "bureau": "Le bureau de modération",
    "gestion": "La gestion d’un territoire",
    "refus": "Un refus qui garde le texte",
    "courriel": "Un courriel",
}


class SampleForm(Form):
    title = StringField("Votre proposition en une phrase", validators=[InputRequired(), Length(max=90)])
    body = TextAreaField(
        "Pourquoi ?", validators=[InputRequired(), Length(max=5000)], description="Un fait, un exemple, une source si vous en avez."
    )
    side = RadioField(
        "Vous êtes…",
        choices=[SelectChoice("for", "pour la fermeture le samedi"), SelectChoice("against", "contre la fermeture le samedi")],
        validators=[InputRequired()],
    )
    themes = SelectMultipleField(
        "Thèmes",
        choices=[SelectChoice("nature", "Nature et jardins"), SelectChoice("housing", "Logement"), SelectChoice("sport", "Sport et jeux")],
    )
    section = SelectField(
        "Rubrique", choices=[SelectChoice("", "Choisir une rubrique"), SelectChoice("1", "Les berges")], validators=[InputRequired()]
    )
    email = EmailField("Votre courriel", validators=[InputRequired(), Email()])
    password = PasswordField("Mot de passe", validators=[InputRequired()])
    opens = DateField("Ouverture", validators=[InputRequired()])
    document = FileField("Document")
    charter = BooleanField("J’ai lu la charte de Tourcoing", validators=[InputRequired()])


class SamplePage:
    total, pages = 1873, 94

    def __init__(self, number: int):
        self.number = number

    def url(self, number: int) -> str:
        return f"?page={number}"


def refused_form() -> SampleForm:
    """As it comes back after a refusal: what was typed is still there."""
    form = SampleForm(formdata=None, data={"title": "Un parc", "body": "On garde trois murs.", "email": "nadia@"}, prefix="refus")
    form.title.errors = ["Cette proposition existe déjà : « Un parc qui garde les murs »."]
    form.email.errors = ["Il manque la fin de l’adresse, après le signe @."]
    form.side.errors = ["Dites si vous êtes pour ou contre."]
    form.section.errors = ["Choisissez une rubrique."]
    form.charter.errors = ["Il faut lire la charte avant d’écrire."]
    form.form_errors.append("La consultation ferme dans 5 minutes : envoyez d’abord, vous pourrez modifier ensuite.")
    return form


def sample() -> dict[str, Any]:
    now = clock.now()
    friche = Thing(
        kind_label="Appel à propositions",
        title="Que faire de la friche de la rue de Gand ?",
        url="/composants/consultation",
        territory_name="Tourcoing",
        summary="Deux hectares au bord du canal, libres au printemps. Proposez un usage ; les dix idées les plus soutenues seront chiffrées.",
        state="published",
        moment="open",
        facts=["1 312 participants", "47 propositions"],
        figure=None,
        date=None,
        closes_at=now + timedelta(days=9),
    )
    menus = Thing(
        kind_label="Questionnaire",
        title="Que mangent nos enfants à midi ?",
        url="#",
        territory_name="Faches-Thumesnil",
        summary="La ville refait les menus de ses 6 cantines. Dix questions pour les parents, et trois pour les enfants.",
        state="published",
        moment="open",
        facts=[],
        figure="684 réponses",
        date=None,
        closes_at=now + timedelta(days=1),
    )
    long_words = Thing(
        kind_label="Débat",
        title="Intercommunalités : l’anticonstitutionnellement controversée réglementation du stationnement",
        url="#",
        territory_name="Communauté de communes de l’Atrébatie et des villages environnants",
        summary=None,
        state="published",
        moment="soon",
        facts=[],
        figure=None,
        date=None,
        opens_at=now + timedelta(days=1284),
        closes_at=now + timedelta(days=1300),
    )
    last_day = Thing(**vars(menus) | {"title": "Faut-il un banc devant l’école ?", "closes_at": now + timedelta(hours=2), "figure": None})
    sheets = [
        Thing(
            kind_label="Initiative",
            title="Le diagnostic en marchant : quatre villages relus à pied",
            url="#",
            territory_name="Communauté de communes de l’Atrébatie",
            summary="Habitants, élus et techniciens parcourent le village ensemble et notent ce qui gêne. 61 remarques, 44 réglées en un an.",
            state="published",
            moment=None,
            figure="Citée par 6 projets",
            date="Mise à jour le 18 novembre",
        ),
        Thing(
            kind_label="Outil",
            title="Tirer au sort un panel d’habitants : le pas à pas",
            url="#",
            territory_name="Région",
            summary="De la liste électorale à la première réunion : lettres, quotas, remboursement de la garde d’enfants.",
            state="pending",
            moment=None,
            figure="Utilisé par 9 projets",
            date="Mis à jour le 9 novembre",
        ),
        Thing(
            kind_label="Document de référence",
            title="Répondre à une pétition : ce que dit la loi, ce que font les villes",
            url="#",
            territory_name="Région",
            summary="Seuils, délais, modèles de réponse, et cinq réponses d’élus qui ont apaisé la discussion.",
            state="published",
            moment=None,
            figure="24 pages",
            date="Publié le 3 novembre",
        ),
    ]
    proposals = [
        (
            Thing(
                title="Un parc qui garde les murs de la filature",
                url="#",
                byline="Lucie Vanhoutte",
                published_at=now - timedelta(days=18),
                summary="On garde trois murs et la cheminée, on enlève le toit, on plante à l’intérieur. Les enfants y trouvent un jardin à l’abri du vent.",
                state="published",
                origin="online",
                voice="citizen",
            ),
            {"agree": 312, "mixed": 54, "disagree": 41},
            (
                "Réponse de la ville · Service urbanisme",
                "Deux murs sur trois peuvent être gardés. Le troisième penche : l’expert rendra son avis le 10 décembre.",
            ),
            28,
        ),
        (
            Thing(
                title="Quarante logements à loyer modéré, et une rue sans voiture",
                url="#",
                byline="Collectif Gand-Canal",
                published_at=now - timedelta(days=13),
                summary="Le quartier perd ses familles faute de grands logements. La moitié du terrain suffit ; l’autre moitié reste ouverte à tous.",
                state="published",
                origin="paper",
                voice="citizen",
            ),
            {"agree": 188, "mixed": 97, "disagree": 1430, "imported": 1204},
            None,
            51,
        ),
        (
            Thing(
                title="Ouvrir la berge dès cet été",
                url="#",
                byline="Ville de Tourcoing",
                published_at=now - timedelta(days=2),
                summary="Deux cents mètres de quai, trois bancs, une barrière.",
                state="published",
                origin="online",
                voice="official",
            ),
            {"agree": 0, "mixed": 0, "disagree": 0},
            None,
            0,
        ),
    ]
    phases = [
        Thing(name="Visites du site", dates="Septembre 2026", is_done=True, is_current=False, note="Compte rendu", note_url="#"),
        Thing(name="Vos propositions", dates="Du 2 novembre au 1er décembre", is_done=False, is_current=True),
        Thing(name="Étude des dix idées", dates="Décembre à février", is_done=False, is_current=False, note="Coût et délais publiés ici"),
        Thing(name="Vote et réponses", dates="11 mars 2027", is_done=False, is_current=False, note="Séance publique"),
    ]
    places = [
        "Grande-Synthe",
        "Tourcoing",
        "Atrébatie",
        "Action Fourmies",
        "Faches-Thumesnil",
        "Roubaix",
        "Lille",
        "Arras",
        "Lens",
        "Douai",
        "Calais",
    ]
    facets = [
        {
            "name": "kind",
            "label": "Type",
            "values": [
                {"value": "initiative", "label": "Initiative", "count": 1023, "selected": True},
                {"value": "tool", "label": "Outil", "count": 7, "selected": False},
                {"value": "document", "label": "Document de référence", "count": 4, "selected": False},
            ],
        },
        {
            "name": "territory",
            "label": "Territoire",
            "values": [{"value": str(n), "label": name, "count": 12 - n, "selected": False} for n, name in enumerate(places)],
        },
    ]
    return {
        "now": now,
        "dated": [menus, friche, long_words, last_day],
        "sheets": sheets,
        "proposals": proposals,
        "phases": phases,
        "many_phases": [Thing(name=f"Étape {n}", dates="2027", is_done=n < 3, is_current=n == 3) for n in range(1, 8)],
        "facets": facets,
        "remarks": [("Trottoirs et passages", 22, 27), ("Éclairage", 11, 14), ("Vitesse des voitures", 5, 12), ("Bancs et abris", 6, 8)],
        "people": [("Faches-Thumesnil", 1312), ("Communauté de communes Action Fourmies", 402), ("Grande-Synthe", 0)],
        "states": ["draft", "pending", "published", "hidden", "removed", "withdrawn", "archived", "refused"],
        "html": html(
            "<p>Avant de planter, j’aimerais savoir à quel prix la ville a acheté. Voir "
            '<a href="https://example.org/">https://example.org/un-tres-long-chemin-qui-ne-se-coupe-pas/2024/comptes-administratifs</a>.</p>'
            "<h2>Trois raisons</h2><ul><li>le vent,</li><li>l’ombre,</li><li>les anciens.</li></ul><blockquote><p>On s’arrête là où quelqu’un dit « ici ».</p></blockquote>"
        ),
        "pages": PAGES,
        "refused": refused_form(),
        "blank": SampleForm(formdata=None),
        "page_of": SamplePage,
        "Thing": Thing,
    }


@showcase.get("/")
def index():
    return render_template("home/components.html", **sample())


@showcase.get("/<name>")
def show(name):
    if name not in PAGES:
        abort(404)
    return render_template(f"home/showcase/{name}.html", **sample())


def init_app(app: Flask) -> None:
    """Nothing of this exists in production."""
    if app.testing or app.debug:
        app.register_blueprint(showcase)
