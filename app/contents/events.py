"""What the spine announces, past tense. Receivers run inside the transaction: what they refuse is undone."""

from blinker import signal

content_submitted = signal("content-submitted")  # sender: content; a person sent it; it is published, or waits
content_changed_state = signal("content-changed-state")  # sender: content; before, after, by, reason
content_edited = signal("content-edited")  # sender: content; by, was_restricted (a part of its former text was cut)
content_moved = signal("content-moved")  # sender: content; it is in another space now
content_destroyed = signal("content-destroyed")  # sender: content; its words are erased, the kind's own must be too
