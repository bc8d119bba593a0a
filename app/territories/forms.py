from wtforms import EmailField, FileField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from app.core.forms import Form, VersionedForm, at_most, only_text
from app.core.i18n import _l
from app.core.text import LIMIT
from app.territories.models import TerritoryKind

NEEDED = InputRequired(_l("Ce champ est nécessaire."))


class SettingsForm(VersionedForm):
    intro = TextAreaField(_l("Présentation"), [Optional(), at_most(400), only_text])
    welcome = TextAreaField(_l("Mot d’accueil"), [Optional(), at_most(4000), only_text])
    charter = TextAreaField(_l("Texte placé avant les articles de la charte"), [Optional(), at_most(4000), only_text])
    accent = StringField(_l("Couleur"), [Optional(), only_text])
    contact_email = EmailField(_l("Adresse de contact, publique"), [Optional(), at_most(254), only_text])
    logo_alt = StringField(_l("Ce que montre le logo"), [Optional(), at_most(200), only_text])


class LogoForm(Form):
    file = FileField(_l("Image"), [NEEDED])
    logo_alt = StringField(_l("Ce que montre l’image"), [NEEDED, at_most(200), only_text])


class ArticleForm(VersionedForm):
    title = StringField(_l("Titre de l’article"), [NEEDED, at_most(120), only_text])
    text = TextAreaField(_l("Texte"), [NEEDED, at_most(2000), only_text])
    notice = TextAreaField(_l("Message à l’auteur d’un texte qui ne le respecte pas"), [Optional(), at_most(1000), only_text])
    legal_ground = StringField(_l("Texte de loi"), [Optional(), at_most(300), only_text])


class PageForm(VersionedForm):
    title = StringField(_l("Titre de la page"), [NEEDED, at_most(120), only_text])
    body = TextAreaField(_l("Texte"), [NEEDED, at_most(LIMIT), only_text])


class TerritoryForm(Form):
    kind = SelectField(
        _l("Sorte"),
        choices=[SelectChoice(TerritoryKind.COMMUNE.value, _l("Commune")), SelectChoice(TerritoryKind.EPCI.value, _l("Intercommunalité"))],
    )
    code = StringField(_l("Code INSEE ou SIREN"), [Optional(), at_most(9), only_text])
    name = StringField(_l("Nom"), [Optional(), at_most(120), only_text])
    short_name = StringField(_l("Nom court"), [Optional(), at_most(40), only_text])
    parent = SelectField(_l("Fait partie de"), [Optional()])
    contact_email = EmailField(_l("Adresse de contact, publique"), [Optional(), at_most(254), only_text])
