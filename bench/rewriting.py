"""Texts as somebody else would have written them: accents dropped, words misspelt or said otherwise, sentences moved.

The same text and the same seed give the same rewriting. Synonyms are chosen among everyday words of participation, in
French and in English; a word that has none is misspelt instead, so that the share of words changed is the one asked for.
"""

import random
import re
import unicodedata

WORD = re.compile(r"[^\W\d_]{2,}")
SENTENCE = re.compile(r"(?<=[.!?…;:])\s+")
LONG = 4  # letters: shorter words are grammar, that nobody says otherwise

SYNONYMS = {
    synonyms[0]: synonyms[1:]
    for synonyms in (
        line.split()
        for line in """
        accès entrée disponibilité
        accord entente consentement
        administration services bureaux
        améliorer perfectionner bonifier
        année an
        article paragraphe disposition
        assemblée réunion parlement
        association collectif groupement
        autoriser permettre
        besoin nécessité demande
        biens ressources
        changer modifier transformer
        citoyen habitant administré
        citoyens habitants administrés
        code programme
        collectivité commune ville
        collectivités communes villes
        commun partagé collectif
        communs partagés collectifs
        construire bâtir élaborer
        contenu texte matière
        contrôle surveillance vérification
        créer fonder instaurer
        culture arts
        débat discussion échange
        débats discussions échanges
        décision choix arbitrage
        décisions choix arbitrages
        développement essor progrès
        développer étendre accroître
        diffusion publication propagation
        document écrit papier
        documents écrits papiers
        données informations renseignements
        droit prérogative faculté
        droits prérogatives facultés
        durée temps période
        école établissement classe
        économie commerce
        élèves écoliers enfants
        élus conseillers représentants
        enfants jeunes gamins
        entreprise société firme
        entreprises sociétés firmes
        état gouvernement puissance
        étudiants élèves universitaires
        exemple illustration cas
        faire réaliser accomplir
        formation enseignement apprentissage
        garantir assurer certifier
        gratuit libre offert
        idée pensée notion
        imposer obliger contraindre
        informations renseignements données
        internet web toile
        jeunes adolescents
        justice tribunal équité
        liberté autonomie indépendance
        libre ouvert affranchi
        libres ouverts affranchis
        ligne réseau
        livre ouvrage volume
        logiciel programme application
        logiciels programmes applications
        loi texte législation
        lutte combat
        maire élu édile
        mettre placer poser
        ministère département administration
        moyen outil ressource
        moyens outils ressources
        numérique digital informatique
        numériques digitaux informatiques
        nombre quantité total
        obligation devoir contrainte
        œuvre création ouvrage
        œuvres créations ouvrages
        ouverture accessibilité
        participation implication engagement
        pays nation état
        permettre autoriser laisser
        personne individu particulier
        personnes individus gens
        politique publique gouvernementale
        pouvoir autorité puissance
        principe règle fondement
        privée personnelle intime
        problème difficulté souci
        projet programme plan
        projets programmes plans
        promouvoir encourager favoriser
        proposer suggérer soumettre
        proposition suggestion idée
        propositions suggestions idées
        protection défense sauvegarde
        protéger défendre préserver
        public commun collectif
        publics communs collectifs
        publique commune collective
        publiques communes collectives
        publier diffuser éditer
        qualité valeur niveau
        quartier secteur voisinage
        question interrogation sujet
        recherche étude science
        règle norme principe
        règles normes principes
        renforcer consolider affermir
        réponse solution retour
        réseau maillage toile
        résultat bilan effet
        résultats bilans effets
        santé médecine soins
        sécurité sûreté protection
        service prestation guichet
        services prestations guichets
        simple facile aisé
        site portail page
        sites portails pages
        société communauté collectivité
        soutien appui aide
        supprimer enlever retirer
        système dispositif mécanisme
        technique technologique
        temps durée moment
        territoire région espace
        transparence clarté visibilité
        travail emploi activité
        usage utilisation emploi
        utilisateur usager internaute
        utilisateurs usagers internautes
        utiliser employer exploiter
        vidéo film
        vie existence quotidien
        ville commune cité
        vote scrutin suffrage
        voter choisir élire
        active engaged involved
        also too likewise
        based founded grounded
        board council committee
        budget funds finances
        change shift modification
        citizen resident inhabitant
        citizens residents inhabitants
        city town municipality
        community neighbourhood locality
        council board assembly
        country nation state
        decision choice ruling
        decisions choices rulings
        deliberation discussion debate
        deliberative discursive
        different various diverse
        discussion debate conversation
        education schooling teaching
        example instance case
        experts specialists
        first initial
        forum meeting gathering
        goal aim objective
        government administration authorities
        group team circle
        groups teams circles
        help assist support
        held organised convened
        impact effect influence
        important significant major
        including notably
        information knowledge facts
        issue question matter
        issues questions matters
        large big sizeable
        local municipal neighbourhood
        made produced done
        meeting gathering session
        meetings gatherings sessions
        members participants people
        method approach technique
        national countrywide
        number amount count
        officials authorities administrators
        online digital web
        organisation body association
        organization body association
        participants attendees members
        participate join engage
        participation involvement engagement
        participatory involving inclusive
        people persons citizens
        plan scheme programme
        planning design preparation
        policy strategy measure
        political civic
        problem difficulty trouble
        process procedure course
        program scheme project
        project scheme undertaking
        proposals suggestions ideas
        provide give supply
        public common civic
        report account document
        research study inquiry
        result outcome effect
        results outcomes effects
        selected chosen picked
        selection choice picking
        several many various
        social societal
        state nation government
        support backing help
        system arrangement
        through via
        used employed applied
        using employing applying
        vote ballot poll
        work labour effort
        world globe
        year twelvemonth
        years decades
        young youthful
        """.strip().splitlines()
    )
}


def without_accents(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))


def misspelt(word: str, chance: random.Random) -> str:
    """One letter dropped, doubled, swapped with the next or replaced by its neighbour on the keyboard; not the first."""
    place = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[: place + 1] + word[place:]
    if kind == 2:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    keys = "azertyuiopqsdfghjklmwxcvbn"
    where = keys.find(word[place].lower())
    return word[:place] + keys[(where + 1) % len(keys)] + word[place + 1 :] if where >= 0 else word[:place] + word[place + 1 :]


def reworded(text: str, chance: random.Random, share: float) -> str:
    """That share of its long words said otherwise, or misspelt where we know no other word."""

    def change(found: re.Match[str]) -> str:
        word = found[0]
        if len(word) < LONG or chance.random() >= share:
            return word
        others = SYNONYMS.get(word.lower())
        return chance.choice(others) if others else misspelt(word, chance)

    return WORD.sub(change, text)


def rewritten(title: str, body: str, *, seed: int, share: float) -> tuple[str, str]:
    """(title, body): sentences of the body in another order, `share` of all words changed, every accent dropped."""
    chance = random.Random(seed)
    sentences = SENTENCE.split(body)
    chance.shuffle(sentences)
    return without_accents(reworded(title, chance, share)), without_accents(reworded(" ".join(sentences), chance, share))
