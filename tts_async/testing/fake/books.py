"""What the fake remembers: who was billed for what, and every clip that was made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tts_async.testing.fake.behaviour import NORMAL, Behaviour
from tts_async.testing.fake.order import Made, Order


@dataclass(slots=True)
class Bill:
    """What was charged; refusals and mistakes cost nothing, and deleting a clip gives nothing back.

    ``credits`` are ``characters`` at the price of the model. ``texts`` counts how often each text was paid, the
    lines of a dialogue being one text.
    """

    requests: int = 0
    characters: int = 0
    credits: int = 0
    texts: Counter[str] = field(default_factory=Counter)

    @property
    def paid_again(self) -> dict[str, int]:
        """The texts that were paid more than once, and how often."""
        return {text: times for text, times in self.texts.items() if times > 1}

    def charge(self, order: Order) -> None:
        """Add one request."""
        self.requests += 1
        self.characters += order.chars
        self.credits += order.credits
        self.texts[order.text] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A clip in the history; ``audio`` is what was billed, whatever came of it on the way."""

    order: Order
    made: Made
    epoch_s: float
    credits_before: int

    @property
    def item_id(self) -> str:
        """What the history calls it."""
        return self.made.item_id

    @property
    def audio(self) -> bytes:
        """The bytes that were billed."""
        return self.made.audio


@dataclass(slots=True)
class Books:
    """All of it; ``epoch_s`` is what time the fake says it is."""

    behaviour: Behaviour = NORMAL
    bill: Bill = field(default_factory=Bill)
    history: dict[str, Item] = field(default_factory=dict)
    epoch_s: float = 0.0

    def enter(self, order: Order, made: Made) -> None:
        """Bill a clip and, if it is to be logged, keep it."""
        item = Item(order=order, made=made, epoch_s=self.epoch_s, credits_before=self.bill.credits)
        self.bill.charge(order)
        if order.logged:
            self.history[made.item_id] = item
