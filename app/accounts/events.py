"""What accounts announce, past tense. Receivers run inside the transaction: what they refuse is undone."""

from blinker import signal

account_closed = signal("account-closed")  # sender: the person, about to lose their name
person_suspended = signal("person-suspended")  # sender: the person; by, reason, until; at once, on an administrator's word alone
suspension_lifted = signal("suspension-lifted")  # sender: the person; by
roles_changed = signal("roles-changed")  # sender: the person
