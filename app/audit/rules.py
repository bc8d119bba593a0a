"""Who may read the checkpoints: everyone, that is what they are for."""

from app.core.permissions import anyone, rule

rule("audit.checkpoints.read", anyone)
