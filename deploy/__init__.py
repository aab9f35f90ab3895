"""One deployment: what it is told, how it speaks, what can be asked of it."""

VERSION = "0.1.0"
