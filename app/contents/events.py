"""What the spine announces, past tense. Receivers run inside the transaction: what they refuse is undone."""

from blinker import signal

content_submitted = signal("content-submitted")  # sender: content; a person sent it; it is published, or waits
content_changed_state = signal("content-changed-state")  # sender: content; before, after, by, reason
content_edited = signal("content-edited")  # sender: content; by
