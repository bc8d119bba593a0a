"""Appeals against a decision or a sanction: six months to ask, another person than the first to answer."""
