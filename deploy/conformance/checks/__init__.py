"""Every check there is."""

from deploy.conformance.check import CHECKS
from deploy.conformance.checks import answers, delivery, returning, sending, signing_in, staying

__all__ = ["CHECKS", "answers", "delivery", "returning", "sending", "signing_in", "staying"]
