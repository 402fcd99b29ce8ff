"""Numbers and codes -> sentences: the only place that writes sentences for users. Pure."""
