"""Whoosh, beside SQLite: postings on disk, one writer (the leader), readers that stay open.

    instance/search/            mode 0700: Whoosh unpickles what it reads
        CURRENT                 the name of the edition to read, replaced in one rename
        edition-…/              one Whoosh index
        writer.lock rebuild.lock

Whoosh stores; it neither parses, analyses, scores nor counts for us (measured: 5 to 50 times slower than arrays).
Segments never change once written, so what is read from one (columns, vocabulary, postings) is kept as long as it
lives; a small commit costs readers the reading of one small segment. A process killed in mid-commit leaves the
previous table of contents in place, and files that the next commit sweeps.
"""

import fcntl
import os
import re
import secrets
import shutil
import zlib
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from whoosh import columns as whoosh_columns
from whoosh import index as whoosh_index
from whoosh.codec.whoosh3 import W3Codec, W3LeafMatcher
from whoosh.fields import COLUMN, STORED, FieldType, Schema
from whoosh.formats import Existence
from whoosh.reading import SegmentReader, TermNotFound

from app.search.analysis import analyser_of
from app.search.analysis import terms as terms_of
from app.search.engines import ranking
from app.search.engines.base import Document, Hit, Refresh, Results, SearchRequest, SearchUnavailable, Status
from app.search.engines.columns import ZONES, Chunk, Codes, Columns, Ints
from app.search.engines.postings import FORMAT, Analysed, analyse
from app.search.engines.vocabulary import Vocabulary, endings, spellings
from app.search.grammar import Phrase

BLOCK = 2048  # postings read at once
KEPT_POSTINGS = 24 * 2**20  # bytes of postings a process keeps
MOST_SEGMENTS = 12
SMALL = 1000  # documents: segments below are merged together
TRIES = 5
NOTHING: Ints = np.zeros(0, dtype=np.int32)

_edition_name = re.compile(rf"edition-{FORMAT}-[0-9a-f]{{16}}\Z")


class Terms(FieldType):
    """A field that receives its terms ready made."""

    def __init__(self) -> None:
        super().__init__(format=Existence(), analyzer=None, scorable=False, stored=False)

    def index(self, value: Iterable[str], **_options: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        return ((term.encode(), 1, 1.0, b"") for term in value)


SCHEMA = Schema(row=STORED(), stream=COLUMN(whoosh_columns.VarBytesColumn()), **{zone: Terms() for zone in ZONES})


class TermPool:
    """Postings waiting to be written: for each term the numbers of its documents, which come in order.

    Whoosh's own pool keeps a tuple of five for each posting, and sorts them on disk: twice as slow, and larger in memory.
    """

    def __init__(self) -> None:
        self.fields: dict[str, dict[bytes, array[int]]] = {}

    def add(self, posting: tuple[str, bytes, int, float, bytes]) -> None:
        terms = self.fields.setdefault(posting[0], {})
        if (numbers := terms.get(posting[1])) is None:
            numbers = terms[posting[1]] = array("I")
        numbers.append(posting[2])

    def iter_postings(self) -> Iterator[tuple[str, bytes, int, float, bytes]]:
        for field, terms in sorted(self.fields.items()):
            for term in sorted(terms):
                for number in terms[term]:
                    yield field, term, number, 1.0, b""

    def cleanup(self) -> None:
        self.fields.clear()


def open_writer(index: Any) -> Any:
    codec = W3Codec(blocklimit=BLOCK, compression=0)
    codec.length_stats = False  # else it looks for a file of lengths, that we do not have, at each posting
    writer = index.writer(codec=codec, timeout=10)
    writer.pool = TermPool()
    return writer


class Segment:
    """What we keep of one Whoosh segment."""

    def __init__(self, reader: SegmentReader, codes: Codes):
        self.reader = reader
        self.size = reader.doc_count_all()
        self.chunk = Chunk((reader.stored_fields(number)["row"] for number in range(self.size)), codes)
        self._vocabulary: Vocabulary | None = None
        self._streams: Any = None

    def places(self, zone: str, term: str) -> Ints:
        """Document numbers of one term, block by block rather than one by one."""
        try:
            matcher = self.reader._terms.matcher(zone, term.encode(), SCHEMA[zone].format)
        except TermNotFound:
            return NOTHING
        if not isinstance(matcher, W3LeafMatcher):
            return np.fromiter(matcher.all_ids(), dtype=np.int32)
        blocks = []
        while True:
            matcher._read_data()
            blocks.append(np.cumsum(matcher._data[0], dtype=np.int32))  # numbers are written as differences
            if matcher._lastblock:
                break
            matcher._next_block()
        return np.concatenate(blocks) if len(blocks) > 1 else blocks[0]

    @property
    def vocabulary(self) -> Vocabulary:
        if self._vocabulary is None:
            self._vocabulary = Vocabulary.of((info[0].decode(), info[1]) for info in self._terms())
        return self._vocabulary

    def _terms(self) -> Iterator[tuple[bytes, int]]:
        for (field, term), info in self.reader._terms.items_from("any", b""):
            if field != "any":
                break
            yield term, info.doc_frequency()

    def stream(self, number: int) -> bytes:
        if self._streams is None:
            self._streams = self.reader.column_reader("stream", translate=False)
        return zlib.decompress(self._streams[number])


class WhooshSnapshot:
    """One generation of one edition."""

    def __init__(self, engine: "WhooshEngine", edition: str, generation: int, segments: dict[str, Segment], deleted: dict[str, list[int]]):
        self.engine, self.edition, self.generation, self.segments = engine, edition, generation, segments
        self.starts = np.cumsum([0, *(segment.size for segment in segments.values())])
        alive = np.ones(int(self.starts[-1]), dtype=bool)
        for start, name in zip(self.starts, segments, strict=False):
            alive[np.array(deleted[name], dtype=np.int64) + start] = False
        self.columns = Columns([segment.chunk for segment in segments.values()], alive, engine.codes)

    def places(self, wanted: Sequence[tuple[str, str]]) -> list[Ints]:
        with self.engine.reading():
            return [self._places(zone, term) for zone, term in wanted]

    def _places(self, zone: str, term: str) -> Ints:
        parts = []
        for start, (name, segment) in zip(self.starts, self.segments.items(), strict=False):
            found = self.engine.kept(name, segment, zone, term)
            if len(found):
                parts.append(found + np.int32(start) if start else found)
        if not parts:
            return NOTHING
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def with_phrase(self, phrase: Phrase, candidates: Ints) -> Ints:
        wanted = f" {phrase.as_text} ".encode()
        segments = list(self.segments.values())
        found = []
        with self.engine.reading():
            for place in candidates:
                number = int(np.searchsorted(self.starts, place, side="right")) - 1
                if wanted in segments[number].stream(int(place - self.starts[number])):
                    found.append(place)
        return np.array(found, dtype=np.int32)

    def endings(self, prefix: str) -> list[str]:
        with self.engine.reading():
            return endings([segment.vocabulary for segment in self.segments.values()], prefix)

    def spellings(self, word: str) -> list[tuple[str, int]]:
        with self.engine.reading():
            return spellings([segment.vocabulary for segment in self.segments.values()], word)


class WhooshEngine:
    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.codes = Codes()
        self._lock = RLock()  # Whoosh's files have one reading position: one thread at a time
        self._index: Any = None
        self._snapshot: WhooshSnapshot | None = None
        self._kept: OrderedDict[tuple[str, str, str], Ints] = OrderedDict()
        self._kept_bytes = 0

    # Reading

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Whatever a damaged file makes Whoosh, pickle or zlib raise comes out as one thing."""
        try:
            with self._lock:
                yield
        except SearchUnavailable:
            raise
        except Exception as error:
            raise SearchUnavailable(f"{type(error).__name__}: {error}") from error

    def kept(self, name: str, segment: Segment, zone: str, term: str) -> Ints:
        key = (name, zone, term)
        found = self._kept.get(key)
        if found is None:
            found = segment.places(zone, term)
            self._kept[key] = found
            self._kept_bytes += found.nbytes + 200
            while self._kept_bytes > KEPT_POSTINGS:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= dropped.nbytes + 200
        else:
            self._kept.move_to_end(key)
        return found

    def snapshot(self) -> WhooshSnapshot:
        """The index as it is now. What did not change since the last call is not read again."""
        with self.reading():
            for attempt in range(TRIES):
                try:
                    return self._refreshed()
                except (FileNotFoundError, whoosh_index.EmptyIndexError):  # merged or swapped between reading its name and opening it
                    self._index = None
                    if attempt == TRIES - 1:
                        raise
            raise AssertionError

    def _refreshed(self) -> WhooshSnapshot:
        edition = self._current()
        last = self._snapshot
        is_open = self._index is not None and last is not None and last.edition == edition  # not after a failed try
        if is_open and last and last.generation == self._index.latest_generation():
            return last
        if not is_open:
            self._index = whoosh_index.open_dir(str(self.folder / edition))
        contents = self._index._read_toc()
        known = last.segments if last else {}
        segments, deleted = {}, {}
        for each in contents.segments:
            name = f"{edition}/{each.segment_id()}"
            segments[name] = known.get(name) or Segment(SegmentReader(self._index.storage, contents.schema, each), self.codes)
            deleted[name] = list(each.deleted_docs())
        for key in [key for key in self._kept if key[0] not in segments]:
            self._kept_bytes -= self._kept.pop(key).nbytes + 200
        self._snapshot = WhooshSnapshot(self, edition, contents.generation, segments, deleted)
        return self._snapshot

    def _current(self) -> str:
        name = (self.folder / "CURRENT").read_text().strip()
        if not _edition_name.match(name):
            raise ValueError("CURRENT does not name an edition of this version")
        return name

    def search(self, request: SearchRequest) -> Results:
        snapshot = self.snapshot()
        return ranking.search(snapshot, request)

    def suggest(self, words: Sequence[str]) -> dict[str, str]:
        return ranking.suggest(self.snapshot(), words)

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
        return ranking.more_like(self.snapshot(), terms_of(title, analyser), terms_of(body, analyser), limit, exclude, within or {}, now)

    def status(self) -> Status:
        size = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file()) if self.folder.exists() else 0
        try:
            snapshot = self.snapshot()
        except SearchUnavailable as error:
            return Status("whoosh", False, size=size, detail=str(error))
        return Status("whoosh", True, snapshot.columns.alive_count, size, f"{len(snapshot.segments)} segments")

    # Writing: the leader only; the file locks make a second writer wait instead of breaking anything.

    def put(self, documents: Iterable[Document], removed: Iterable[int] = ()) -> None:
        analysed = [analyse(document) for document in documents]
        gone = [*removed, *(each.content_id for each in analysed)]
        if not gone:
            return
        with self._writing():
            snapshot = self.snapshot()
            self._remember_touched(gone)
            known = self._numbers(snapshot, gone)
            if analysed or len(known):
                merge = _merge_small if len(snapshot.segments) >= MOST_SEGMENTS else _merge_nothing
                self._write(self._index, analysed, known, merge)

    def remove(self, content_ids: Iterable[int]) -> None:
        self.put((), content_ids)

    def tend(self) -> bool:
        """Merge what small commits left, and forget removed documents for good when they are a fifth of all."""
        with self._writing():
            snapshot = self.snapshot()
            dead = snapshot.columns.size - snapshot.columns.alive_count
            if dead > max(50, snapshot.columns.size // 5):
                self._write(self._index, [], [], _merge_all)
            elif sum(1 for segment in snapshot.segments.values() if segment.size < SMALL) > 3:
                self._write(self._index, [], [], _merge_small)
            else:
                return False
            return True

    def rebuild(self, batches: Iterator[Iterable[Document]], refresh: Refresh) -> int:
        self._make_folder()
        with self._locked("rebuild.lock", wait=False):
            edition = f"edition-{FORMAT}-{secrets.token_hex(8)}"
            folder = self.folder / edition
            with self._locked("writer.lock"):
                self._sweep()
                folder.mkdir(mode=0o700)
                (self.folder / "touched").write_text("")  # from now on, whoever puts or removes says what here
            index = whoosh_index.create_in(str(folder), SCHEMA)
            writer = open_writer(index)
            count = 0
            try:
                for batch in batches:
                    for document in batch:
                        _add(writer, analyse(document))
                        count += 1
            except BaseException:
                writer.cancel()
                raise
            writer.commit(mergetype=_merge_nothing)
            with self._locked("writer.lock"):
                touched = sorted({int(line) for line in (self.folder / "touched").read_text().split()})
                if touched:
                    again = [analyse(document) for document in refresh(touched)]
                    fresh = WhooshEngine(self.folder)
                    fresh._current = lambda: edition  # type: ignore[method-assign]
                    numbers = self._numbers(fresh.snapshot(), touched)
                    self._write(fresh._index, again, numbers, _merge_nothing)
                    count += len(again) - len(numbers)
                self._swap(edition)
                self._sweep()
        return count

    def _write(self, index: Any, documents: Sequence[Analysed], removed: Iterable[int], merge: Any) -> None:
        writer = open_writer(index)
        try:
            for number in removed:
                writer.delete_document(int(number))
            for document in documents:
                _add(writer, document)
        except BaseException:
            writer.cancel()
            raise
        writer.commit(mergetype=merge)

    @staticmethod
    def _numbers(snapshot: WhooshSnapshot, content_ids: Iterable[int]) -> list[int]:
        wanted = np.fromiter(content_ids, dtype=np.int64)
        return [int(number) for number in np.flatnonzero(snapshot.columns.alive & np.isin(snapshot.columns.content_id, wanted))]

    def _remember_touched(self, content_ids: Iterable[int]) -> None:
        """While a rebuild runs, it must hear of what changes meanwhile."""
        path = self.folder / "touched"
        if path.exists():
            with path.open("a") as lines:
                lines.write("".join(f"{content_id}\n" for content_id in content_ids))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        if not self.folder.exists():
            raise SearchUnavailable("no index yet")
        try:
            with self._locked("writer.lock"):
                yield
        except (SearchUnavailable, MemoryError):
            raise
        except Exception as error:
            raise SearchUnavailable(f"{type(error).__name__}: {error}") from error

    @contextmanager
    def _locked(self, name: str, wait: bool = True) -> Iterator[None]:
        handle = os.open(self.folder / name, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                raise SearchUnavailable("another rebuild is running") from None
            yield
        finally:
            os.close(handle)

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def _swap(self, edition: str) -> None:
        path = self.folder / "CURRENT.new"
        with path.open("w") as file:
            file.write(edition)
            file.flush()
            os.fsync(file.fileno())
        path.replace(self.folder / "CURRENT")
        (self.folder / "touched").unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove every edition but the current one: older, or left by a rebuild that was killed."""
        current = None
        with suppress(OSError, ValueError):
            current = self._current()
        for path in self.folder.glob("edition-*"):
            if path.name != current:
                shutil.rmtree(path, ignore_errors=True)


def _add(writer: Any, document: Analysed) -> None:
    writer.add_document(row=document.row, stream=zlib.compress(document.stream.encode(), 1), **document.zones)


def _merge_nothing(_writer: Any, segments: list[Any]) -> list[Any]:
    return segments


def _merge_small(writer: Any, segments: list[Any]) -> list[Any]:
    return _merge(writer, segments, lambda segment: segment.doc_count_all() < SMALL)


def _merge_all(writer: Any, segments: list[Any]) -> list[Any]:
    return _merge(writer, segments, lambda segment: True)


def _merge(writer: Any, segments: list[Any], is_chosen: Any) -> list[Any]:
    for segment in segments:
        if is_chosen(segment):
            reader = SegmentReader(writer.storage, writer.schema, segment)
            writer.add_reader(reader)
            reader.close()
    return [segment for segment in segments if not is_chosen(segment)]
