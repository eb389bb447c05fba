"""The clinic on its local network: a name, a certificate, and a page by which tablets learn to trust it."""
