/* In which state a client is, and what leads from one to another. Pure. */

export const STATES = {
  connecting: { opened: "live", failed_again: "offline", cut_off: "offline", refused: "error", closed: "offline" },
  live: { lost: "connecting", again: "connecting", cut_off: "offline", refused: "error", closed: "offline" },
  offline: { opened: "live", again: "connecting", refused: "error" },
  error: { again: "connecting", closed: "offline" },
};

/** The state after something has happened; what a state doesn't name leaves it as it is. */
export function next(state, happening) {
  return STATES[state][happening] ?? state;
}
