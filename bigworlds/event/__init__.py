"""What comes into a world from outside, apart from a running simulation: inputs as they are declared, what
became of them, and the journal that a run is replayed from."""

from bigworlds.event.declare import Input, input
from bigworlds.event.journal import Entry, Journal, JournalError, read_journal
from bigworlds.event.ticket import InputResult, Ticket

__all__ = ["Entry", "Input", "InputResult", "Journal", "JournalError", "Ticket", "input", "read_journal"]
