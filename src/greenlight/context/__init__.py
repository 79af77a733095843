"""Sources of facts, sentiment and the reasoner's verdict. Empty until context comes."""
