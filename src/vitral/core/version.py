"""The version of this Vitral; the package metadata takes it from here."""

VERSION = "0.1.0"
