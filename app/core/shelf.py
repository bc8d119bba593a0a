"""Where a process keeps what it made, within so many bytes."""

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Slot(Generic[T]):
    __slots__ = ("asked", "size", "value")

    def __init__(self, value: T, size: int):
        self.value, self.size, self.asked = value, size, False


class Shelf(Generic[T]):
    """Things by name, within so many bytes. The oldest leave first, but what was asked for again has another turn:
    a crowd of addresses that each come once pushes out its own kind."""

    def __init__(self, limit: int):
        self.limit = limit
        self.bytes = 0
        self.slots: dict[Hashable, Slot[T]] = {}
        self.lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        slot = self.slots.get(key)
        if slot is None:
            return None
        slot.asked = True
        return slot.value

    def put(self, key: Hashable, value: T, size: int) -> None:
        if size > self.limit // 8:
            return
        with self.lock:
            old = self.slots.pop(key, None)
            slot = self.slots[key] = Slot(value, size)
            slot.asked = old is not None
            self.bytes += size - (old.size if old else 0)
            self.make_room()

    def grow(self, key: Hashable, value: T, size: int) -> None:
        """The thing kept under this key weighs more now."""
        with self.lock:
            slot = self.slots.get(key)
            if slot is not None and slot.value is value:
                slot.size += size
                self.bytes += size
                self.make_room()

    def make_room(self) -> None:
        while self.bytes > self.limit:
            key = next(iter(self.slots))
            slot = self.slots.pop(key)
            if slot.asked:
                slot.asked = False
                self.slots[key] = slot
            else:
                self.bytes -= slot.size

    def clear(self) -> None:
        with self.lock:
            self.slots.clear()
            self.bytes = 0
