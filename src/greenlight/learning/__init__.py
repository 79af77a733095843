"""Features, labels, learners and their validation. Empty until the learners come."""
