"""PostgreSQL: terms in a `tsvector` made by our analyser, GIN to find where they stand, arrays to rank and count.

A vector holds each term with its places and weights (A title, B summary, D body), and, without places, the same term
with a sign for each zone it stands in (`=velo` in the title), so that GIN alone answers "which titles have this word":
no vector is fetched to rank. One state row numbers the changes; a process keeps the columns of all documents and
fetches those that changed since its number. Writers hold that row: changes are numbered in the order they commit.

`connections` gives two context managers, `reading()` and `writing()`, each yielding a SQLAlchemy connection.
"""

import json
import secrets
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from threading import RLock
from typing import Any, Protocol

import numpy as np
from sqlalchemy import Connection, text
from sqlalchemy.engine import Engine as Database
from sqlalchemy.exc import SQLAlchemyError

from app.search.analysis import analyser_of
from app.search.analysis import terms as terms_of
from app.search.engines import ranking
from app.search.engines.base import Document, Hit, Refresh, Results, SearchRequest, SearchUnavailable, Status
from app.search.engines.columns import ZONES, Chunk, Codes, Columns, Ints
from app.search.engines.postings import FORMAT, Analysed, analyse
from app.search.engines.vocabulary import Vocabulary, endings, spellings
from app.search.grammar import Phrase

SIGNS = {"any": "", "title": "=", "summary": "+", "lessons": "@", "often": "#"}
LAST_PLACE = 16_383  # PostgreSQL counts no further
MOST_PLACES = 255  # of one term in one vector
KEPT_POSTINGS = 24 * 2**20  # bytes a process keeps
AT_ONCE = 100  # (zone, term) pairs in one statement
FEW_TERMS = 24  # of which every zone is fetched at once
MOST_CHUNKS = 48
BATCH = 500
NOTHING: Ints = np.zeros(0, dtype=np.int32)
# One plan, whatever is asked: a search for each row of what was given, in order.
WHERE_THEY_STAND = text(
    "SELECT (SELECT string_agg(int4send(content_id), ''::bytea) FROM search_documents "
    "WHERE edition = :e AND vector @@ CAST(term AS tsquery)) "
    "FROM unnest(CAST(:asked AS text[])) WITH ORDINALITY AS given (term, number) ORDER BY number"
)
# Never read every vector in order to find one term; and small searches are not worth compiling.
INDEX_ONLY = text("SELECT set_config('enable_seqscan', :scan, true), set_config('jit', 'off', true)")


class Connections(Protocol):
    def reading(self) -> AbstractContextManager[Connection]: ...

    def writing(self) -> AbstractContextManager[Connection]: ...


class PostgresSnapshot:
    def __init__(self, engine: "PostgresEngine", connection: Connection, columns: Columns, slots: Ints):
        self.engine, self.connection, self.columns, self.slots = engine, connection, columns, slots
        self.edition, self.generation = engine.edition, engine.generation
        self.is_index_only = False

    def places(self, wanted: Sequence[tuple[str, str]]) -> list[Ints]:
        found = {pair: kept for pair in set(wanted) if (kept := self.engine.kept(self.generation, pair)) is not None}
        missing = [pair for pair in dict.fromkeys(wanted) if pair not in found]
        terms = dict.fromkeys(term for _, term in missing)
        if len(terms) <= FEW_TERMS:  # a search, which asks where else they stand next
            missing = [(zone, term) for term in terms for zone in ZONES]
        for start in range(0, len(missing), AT_ONCE):
            found |= self._fetch(missing[start : start + AT_ONCE])
        return [found[pair] for pair in wanted]

    def _fetch(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Ints]:
        asked = [f"'{SIGNS[zone]}{term}'" for zone, term in pairs]
        if not self.is_index_only:
            self.connection.execute(INDEX_ONLY, {"scan": "off"})
            self.is_index_only = True
        rows = self.connection.execute(WHERE_THEY_STAND, {"e": self.edition, "asked": asked}).scalars().all()
        found = {}
        for pair, sent in zip(pairs, rows, strict=True):
            found[pair] = self._slots_of(np.frombuffer(sent, dtype=">i4") if sent else NOTHING)
            self.engine.keep(self.generation, pair, found[pair])
        return found

    def _slots_of(self, content_ids: Any) -> Ints:
        """Document numbers, ascending; what this process does not know of yet is left out."""
        known = self.slots[content_ids[content_ids < len(self.slots)]]
        return np.sort(known[known >= 0])

    def with_phrase(self, phrase: Phrase, candidates: Ints) -> Ints:
        written, last = "", 0
        for term, offset in phrase.terms:
            written += f" <{offset - last}> '{term}'" if written else f"'{term}'"
            last = offset
        ids = [int(number) for number in self.columns.content_id[candidates]]
        statement = text(
            "SELECT content_id FROM search_documents WHERE edition = :e AND content_id = ANY(:ids) AND vector @@ CAST(:q AS tsquery)"
        )
        found = self.connection.execute(statement, {"e": self.edition, "ids": ids, "q": written}).scalars().all()
        return self._slots_of(np.array(found, dtype=np.int32))

    def endings(self, prefix: str) -> list[str]:
        return endings(self.engine.vocabularies(self.connection), prefix)

    def spellings(self, word: str) -> list[tuple[str, int]]:
        return spellings(self.engine.vocabularies(self.connection), word)


class PostgresEngine:
    def __init__(self, connections: Connections):
        self.connections = connections
        self._lock = RLock()
        self.forget()

    def forget(self) -> None:
        """Read everything again at the next search."""
        with self._lock:
            self.edition, self.generation, self.stamp = 0, -1, ""
            self.codes = Codes()
            self._chunks: list[Chunk] = []
            self._slots: Ints = NOTHING
            self._columns: Columns | None = None
            self._vocabularies: list[Vocabulary] = []
            self._words_until = -1
            self._kept: OrderedDict[tuple[str, str], Ints] = OrderedDict()
            self._kept_bytes = 0

    # Reading

    @contextmanager
    def snapshot(self) -> Iterator[PostgresSnapshot]:
        try:
            with self.connections.reading() as connection:
                with self._lock:
                    self._refresh(connection)
                    assert self._columns is not None
                    snapshot = PostgresSnapshot(self, connection, self._columns, self._slots)
                yield snapshot
                if snapshot.is_index_only:
                    connection.execute(INDEX_ONLY, {"scan": "on"})
        except SQLAlchemyError as error:
            raise SearchUnavailable(type(error).__name__) from error

    def _refresh(self, connection: Connection) -> None:
        """Bring the columns up to the present number: usually one small query, that says nothing changed."""
        state = connection.execute(text("SELECT edition, generation, stamp FROM search_state WHERE id = 1")).one_or_none()
        if state is None or not state.edition:
            raise SearchUnavailable("no index yet")
        if not is_ours(state.stamp):
            raise SearchUnavailable("the index was made by another version")
        if (state.edition, state.generation, state.stamp) == (self.edition, self.generation, self.stamp):
            return
        if state.edition != self.edition or state.generation <= self.generation or len(self._chunks) >= MOST_CHUNKS:
            self.forget()
        rows = connection.execute(
            text(
                "SELECT content_id, is_gone, row FROM search_documents "
                "WHERE edition = :e AND generation > :g AND generation <= :now ORDER BY content_id"
            ),
            {"e": state.edition, "g": self.generation, "now": state.generation},
        ).all()
        self.edition, self.generation, self.stamp = state
        self._kept.clear()
        self._kept_bytes = 0
        alive = self._columns.alive.copy() if self._columns else np.zeros(0, dtype=bool)
        if rows:
            ids = np.array([row[0] for row in rows], dtype=np.int64)
            self._grow(int(ids.max()) + 1)
            before = self._slots[ids]
            alive[before[before >= 0]] = False
            self._slots[ids] = -1
            chunk = Chunk((json.loads(row[2]) for row in rows if not row[1]), self.codes)
            if chunk.size:
                self._slots[chunk.content_id] = np.arange(len(alive), len(alive) + chunk.size, dtype=np.int32)
                alive = np.concatenate([alive, np.ones(chunk.size, dtype=bool)])
                self._chunks.append(chunk)
        self._columns = Columns(self._chunks, alive, self.codes)

    def _grow(self, size: int) -> None:
        """A copy, always: searches under way read the one they began with."""
        slots = np.full(max(size, len(self._slots)), -1, dtype=np.int32)
        slots[: len(self._slots)] = self._slots
        self._slots = slots

    def kept(self, generation: int, pair: tuple[str, str]) -> Ints | None:
        with self._lock:
            if generation != self.generation or pair not in self._kept:
                return None
            self._kept.move_to_end(pair)
            return self._kept[pair]

    def keep(self, generation: int, pair: tuple[str, str], places: Ints) -> None:
        with self._lock:
            if generation == self.generation and pair not in self._kept:
                self._kept[pair] = places
                self._kept_bytes += places.nbytes + 200
                while self._kept_bytes > KEPT_POSTINGS:
                    _, dropped = self._kept.popitem(last=False)
                    self._kept_bytes -= dropped.nbytes + 200

    def vocabularies(self, connection: Connection) -> list[Vocabulary]:
        with self._lock:
            if self._words_until < self.generation:
                rows = connection.execute(
                    text("SELECT word, documents FROM search_words WHERE edition = :e AND generation > :g AND generation <= :now"),
                    {"e": self.edition, "g": self._words_until, "now": self.generation},
                ).all()
                self._words_until = self.generation
                fresh = [(row[0], row[1]) for row in rows]
                if fresh and len(self._vocabularies) > 1:  # one large, made when the edition was, and one of what came since
                    last = self._vocabularies.pop()
                    fresh += zip(last.terms, last.counts, strict=True)
                if fresh:
                    self._vocabularies = [*self._vocabularies, Vocabulary.of(fresh)]
            return self._vocabularies

    def search(self, request: SearchRequest) -> Results:
        with self.snapshot() as snapshot:
            return ranking.search(snapshot, request)

    def suggest(self, words: Sequence[str]) -> dict[str, str]:
        with self.snapshot() as snapshot:
            return ranking.suggest(snapshot, words)

    def more_like(
        self,
        title: str,
        body: str,
        limit: int = 3,
        exclude: Iterable[int] = (),
        within: dict[str, Sequence[str]] | None = None,
        now: datetime | None = None,
        language: str = "fr",
    ) -> list[Hit]:
        analyser = analyser_of(language)
        with self.snapshot() as snapshot:
            return ranking.more_like(snapshot, terms_of(title, analyser), terms_of(body, analyser), limit, exclude, within or {}, now)

    def status(self) -> Status:
        try:
            with self.snapshot() as snapshot:
                size = snapshot.connection.execute(
                    text("SELECT pg_total_relation_size('search_documents') + pg_total_relation_size('search_words')")
                ).scalar_one()
                return Status("postgres", True, snapshot.columns.alive_count, int(size), f"generation {snapshot.generation}")
        except SearchUnavailable as error:
            return Status("postgres", False, detail=str(error))

    # Writing

    def put(self, documents: Iterable[Document], removed: Iterable[int] = ()) -> None:
        analysed = [analyse(document) for document in documents]
        gone = set(removed) - {each.content_id for each in analysed}
        if not analysed and not gone:
            return
        with self._writing() as connection:
            locked = text("SELECT edition, generation, building, stamp FROM search_state WHERE id = 1 FOR UPDATE")
            state = connection.execute(locked).one_or_none()
            if state is None or not state.edition or not is_ours(state.stamp):
                raise SearchUnavailable("no index yet")
            generation = state.generation + 1
            write(connection, state.edition, generation, analysed)
            bury(connection, state.edition, generation, gone, everyone=state.building is not None)
            write_words(connection, state.edition, generation, Counter({term: 1 for each in analysed for term in each.zones["any"]}))
            renumber(connection, state.edition, generation, building=state.building)

    def remove(self, content_ids: Iterable[int]) -> None:
        self.put((), content_ids)

    def tend(self) -> bool:
        """PostgreSQL keeps its own house; only GIN's list of late entries is worth emptying before somebody searches."""
        with self._writing() as connection:
            return bool(connection.execute(text("SELECT gin_clean_pending_list('ix_search_documents_vector')")).scalar())

    def rebuild(self, batches: Iterator[Iterable[Document]], refresh: Refresh) -> int:
        with self._writing() as connection:
            connection.execute(
                text("INSERT INTO search_state (id, edition, generation, stamp) VALUES (1, 0, 0, '') ON CONFLICT (id) DO NOTHING")
            )
            state = connection.execute(text("SELECT edition, generation FROM search_state WHERE id = 1 FOR UPDATE")).one()
            leftovers(connection, state.edition)
            largest = text(
                "SELECT greatest(:e, coalesce(max(edition), 0), coalesce((SELECT building FROM search_state), 0)) FROM search_documents"
            )
            edition = int(connection.execute(largest, {"e": state.edition}).scalar_one()) + 1
            connection.execute(text("UPDATE search_state SET building = :e WHERE id = 1"), {"e": edition})
        count = 0
        words: Counter[str] = Counter()
        for batch in batches:
            analysed = [analyse(document) for document in batch]
            with self._writing() as connection:
                write(connection, edition, 0, analysed)
            for each in analysed:
                words.update(each.zones["any"])
            count += len(analysed)
        with self._writing() as connection:
            write_words(connection, edition, 0, words)
            connection.execute(text("SELECT gin_clean_pending_list('ix_search_documents_vector')"))
            connection.execute(text("ANALYZE search_documents"))
        with self._writing() as connection:
            now = connection.execute(text("SELECT edition, generation, building FROM search_state WHERE id = 1 FOR UPDATE")).one()
            if now.building != edition:
                raise SearchUnavailable("another rebuild began meanwhile")
            touched = [
                int(number)
                for number in connection.execute(
                    text("SELECT content_id FROM search_documents WHERE edition = :e AND generation > :g"),
                    {"e": now.edition, "g": state.generation},
                ).scalars()
            ]
            generation = now.generation + 1
            again = [analyse(document) for start in range(0, len(touched), BATCH) for document in refresh(touched[start : start + BATCH])]
            write(connection, edition, generation, again)
            bury(connection, edition, generation, set(touched) - {each.content_id for each in again}, everyone=False)
            write_words(connection, edition, generation, Counter({term: 1 for each in again for term in each.zones["any"]}))
            renumber(connection, edition, generation, building=None)
            leftovers(connection, edition)
        return count

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self.connections.writing() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise SearchUnavailable(type(error).__name__) from error


def vector_of(document: Analysed) -> str:
    """The text of a tsvector. Terms are letters and figures only: nothing to escape."""
    places: dict[str, list[str]] = {}
    summary, _lessons, body = document.parts
    for term, place in document.placed:
        known = places.setdefault(term, [])
        if len(known) < MOST_PLACES:
            known.append(f"{min(place + 1, LAST_PLACE)}{'A' if place < summary else 'B' if place < body else ''}")
    written = [f"'{term}':{','.join(known)}" for term, known in places.items()]
    written += [f"'{SIGNS[zone]}{term}'" for zone in ("title", "summary", "lessons", "often") for term in document.zones[zone]]
    return " ".join(written)


def write(connection: Connection, edition: int, generation: int, documents: Sequence[Analysed]) -> None:
    statement = text(
        "INSERT INTO search_documents (edition, content_id, generation, is_gone, row, vector) "
        "SELECT :e, content_id, :g, false, row, CAST(vector AS tsvector) "
        "FROM unnest(CAST(:ids AS int[]), CAST(:rows AS text[]), CAST(:vectors AS text[])) AS given (content_id, row, vector) "
        "ON CONFLICT (edition, content_id) DO UPDATE "
        "SET generation = excluded.generation, is_gone = false, row = excluded.row, vector = excluded.vector"
    )
    latest = list({each.content_id: each for each in documents}.values())
    for start in range(0, len(latest), BATCH):
        part = latest[start : start + BATCH]
        values = {
            "ids": [each.content_id for each in part],
            "rows": [json.dumps(each.row, ensure_ascii=False) for each in part],
            "vectors": [vector_of(each) for each in part],
        }
        connection.execute(statement, {"e": edition, "g": generation, **values})


def bury(connection: Connection, edition: int, generation: int, content_ids: Iterable[int], *, everyone: bool) -> None:
    """Leave an empty row, so that other processes learn of it. `everyone`: even of what this edition never had, because
    a rebuild may have read it in the meantime."""
    ids = sorted(content_ids)
    if ids and everyone:
        connection.execute(
            text(
                "INSERT INTO search_documents (edition, content_id, generation, is_gone, row, vector) "
                "SELECT :e, unnest(CAST(:ids AS int[])), :g, true, '', '' "
                "ON CONFLICT (edition, content_id) DO UPDATE SET generation = excluded.generation, is_gone = true, row = '', vector = ''"
            ),
            {"e": edition, "g": generation, "ids": ids},
        )
    elif ids:
        connection.execute(
            text(
                "UPDATE search_documents SET generation = :g, is_gone = true, row = '', vector = '' "
                "WHERE edition = :e AND content_id = ANY(:ids) AND NOT is_gone"
            ),
            {"e": edition, "g": generation, "ids": ids},
        )


def write_words(connection: Connection, edition: int, generation: int, words: Counter[str]) -> None:
    """In order, so that two writers never wait for each other in a circle."""
    ordered = sorted(words)
    for start in range(0, len(ordered), 5000):
        part = ordered[start : start + 5000]
        connection.execute(
            text(
                "INSERT INTO search_words (edition, word, documents, generation) SELECT :e, word, documents, :g "
                "FROM unnest(CAST(:words AS text[]), CAST(:counts AS int[])) AS given (word, documents) "
                "ON CONFLICT (edition, word) DO NOTHING"
            ),
            {"e": edition, "g": generation, "words": part, "counts": [words[word] for word in part]},
        )


def renumber(connection: Connection, edition: int, generation: int, *, building: int | None) -> None:
    connection.execute(
        text("UPDATE search_state SET edition = :e, generation = :g, stamp = :s, building = :b WHERE id = 1"),
        {"e": edition, "g": generation, "s": f"{FORMAT}-{secrets.token_hex(8)}", "b": building},
    )


def is_ours(stamp: str) -> bool:
    return stamp.startswith(f"{FORMAT}-")


def leftovers(connection: Connection, edition: int) -> None:
    """Remove every edition but this one: older, or left by a rebuild that was killed."""
    for statement in ("DELETE FROM search_documents WHERE edition <> :e", "DELETE FROM search_words WHERE edition <> :e"):
        connection.execute(text(statement), {"e": edition})


class OwnConnections:
    """Connections of a database of its own, for measurements and tests without an application."""

    def __init__(self, database: Database):
        self.database = database

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.database.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with self.database.begin() as connection:
            yield connection


def connections_of(database: Database) -> OwnConnections:
    return OwnConnections(database)


def create_tables(database: Database) -> None:
    """The three tables alone, empty."""
    from app.search.models import SearchDocument, SearchState, SearchWord

    tables: list[Any] = [model.__table__ for model in (SearchState, SearchDocument, SearchWord)]
    SearchState.metadata.drop_all(database, tables=tables)
    SearchState.metadata.create_all(database, tables=tables)
