/* Colours and shapes of all elements. Pages change them by CSS variables; without, they follow light and dark. */

export function sheet(css) {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}

export const look = sheet(`
  :host {
    --live: var(--soulwire-live, light-dark(#17803d, #5bd48a));
    --wait: var(--soulwire-wait, light-dark(#9a5b00, #f0b45c));
    --off: var(--soulwire-off, light-dark(#5d5a70, #a8a4bd));
    --bad: var(--soulwire-bad, light-dark(#b3261e, #ff9b92));
    --accent: var(--soulwire-accent, light-dark(#4f3fd0, #a99dff));
    --ink: var(--soulwire-ink, light-dark(#1c1a2b, #eeecf8));
    --soft: var(--soulwire-soft, light-dark(#5d5a70, #a8a4bd));
    --panel: var(--soulwire-panel, light-dark(#ffffff, #1c1b27));
    --line: var(--soulwire-line, light-dark(#e0deea, #322f44));
    --radius: var(--soulwire-radius, 12px);
    display: block;
    color: var(--ink);
    font: var(--soulwire-font, 15px/1.45 system-ui, sans-serif);
  }
  :host([hidden]), [hidden] { display: none !important; }
  * { box-sizing: border-box; }
  p, ul, h3 { margin: 0; padding: 0; }
  ul { list-style: none; }
  h3 { font-size: 1em; }
  .panel { background: var(--panel); border: 1px solid var(--line); border-radius: var(--radius); padding: .85em 1em; }
  .row { display: flex; align-items: center; gap: .6em; }
  .row > :first-child { min-width: 0; }
  .end { margin-left: auto; }
  .soft { color: var(--soft); font-size: .88em; }
  .line { overflow-wrap: anywhere; }
  .dot { flex: none; width: .65em; height: .65em; border-radius: 50%; background: var(--off); }
  [data-state="live"] > .dot, .dot[data-state="live"] { background: var(--live); }
  [data-state="connecting"] > .dot, .dot[data-state="connecting"] { background: var(--wait); animation: pulse 1.2s ease-in-out infinite; }
  [data-state="error"] > .dot, .dot[data-state="error"] { background: var(--bad); }
  @keyframes pulse { 50% { opacity: .25; } }
  a { color: var(--accent); }
  button {
    font: inherit; font-size: .92em; font-weight: 600; cursor: pointer; min-height: 2.1em; padding: .2em .8em;
    color: var(--accent); background: transparent; border: 1px solid var(--line); border-radius: 8px;
  }
  button:hover { border-color: currentcolor; }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px; }
  @media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation: none !important; transition: none !important; } }
`);
