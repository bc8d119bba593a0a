"""French words that wound, by why they do: a help to whoever reads, who alone knows the tone, the quotation and the joke.

Folded (no accents, lower case), one word or a few; plurals and feminines in -s, -e and -es are understood. Words that mostly
mean something else (« chien », « folle », « gros », « sauvage ») are left out: a list that shouts at everything is not read.
"""

from app.core.i18n import _l

INSULT, RACIST, SEXIST, HOMOPHOBIC, ABLEIST, THREAT = "insult", "racist", "sexist", "homophobic", "ableist", "threat"

REASONS = {
    INSULT: _l("un mot de la liste des injures"),
    RACIST: _l("un mot de la liste des injures racistes"),
    SEXIST: _l("un mot de la liste des injures sexistes"),
    HOMOPHOBIC: _l("un mot de la liste des injures homophobes"),
    ABLEIST: _l("un mot de la liste des injures liées au handicap"),
    THREAT: _l("une tournure de la liste des menaces"),
}

WORDS = {
    INSULT: """
        abruti, ahuri, andouille, avorton, baltringue, batard, bouffon, branleur, branleuse, charognard, clodo, connard, connasse,
        conne, con, couillon, couillonne, cretin, cretine, crevure, debile, degenere, demeure mental, encule, enculer, enfoire,
        enflure, fachiste de merde, fils de pute, foutre, fumier, gogol, grognasse, guignol, imbecile, incapable, larbin, lavette,
        lopette, malotru, minable, merdeux, merdeuse, morveux, nique ta mere, niquer, ordure, parasite, pauvre type, pignouf,
        plouc, pourriture, pouffiasse, putain, raclure, salaud, salopard, salope, tocard, trouduc, trou du cul, ta gueule,
        ferme la, va te faire foutre, va te faire voir, vaurien, vendu, voleur, escroc, pourri, ripou, menteur, vermine, zonard
    """,
    RACIST: """
        bamboula, bicot, boche, bougnoule, bounioul, chinetoque, crouille, feuj, macaque, melon de merde, negre, negresse,
        negro, niakoue, niak, rastaquouere, raton, rital, romano, sale arabe, sale blanc, sale gitan, sale juif, sale juive,
        sale manouche, sale musulman, sale noir, sale noire, sale rom, sale roumain, sale turc, sous race, youpin, youpine,
        retourne dans ton pays, retournez dans votre pays, rentre dans ton pays, rentrez chez vous
    """,
    SEXIST: "garce, greluche, mal baisee, nympho, petasse, pouffe, poufiasse, pute, trainee, truie, bonne femme a la cuisine",
    HOMOPHOBIC: "enculeur, fiotte, gouine, pede, pedale, pd, tafiole, tantouze, tapette, tarlouze, travelo, sale gay, sale homo",
    ABLEIST: "attarde, attarde mental, bigleux, boiteux, mongol, mongolien, triso, autiste de merde, debile mental",
    THREAT: """
        je vais te tuer, on va te tuer, on va vous tuer, je vais te casser, je vais te peter, on va te retrouver,
        on sait ou tu habites, je sais ou tu habites, on sait ou vous habitez, vous allez le payer, tu vas le payer,
        creve, crevez, qu il creve, qu ils crevent, il faut les pendre, on devrait les pendre
    """,
}


def entries() -> dict[tuple[str, ...], str]:
    """Each entry as folded words → why it is on the list; single words with their endings."""
    found: dict[tuple[str, ...], str] = {}
    for why, written in WORDS.items():
        for entry in written.replace("\n", " ").split(","):
            words = tuple(word for word in entry.split() if len(word) > 1)  # as they are read: a letter alone is no word
            found.setdefault(words, why)
            if len(words) == 1:
                for ending in ("s", "e", "es"):
                    found.setdefault((words[0] + ending,), why)
    return found
