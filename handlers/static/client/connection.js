/* Keeps one user's stream open: by which transport, when to try again, when to climb, when to give up.
 *
 * There is one link that events are taken from, and at times a rival beside it: on a better transport, or with a
 * fresher token. Once the rival is open it takes over from the link's cursor; what both brought is a repeat. */

import { backoff } from "./backoff.js";
import { CODES, verdict } from "./codes.js";
import { Ladder } from "./ladder.js";
import { Link } from "./link.js";

const STEADY = 10_000; // a link that was open for less counts as a failure
const CLIMB_FIRST = 10_000;
const CLIMB_LONGEST = 300_000;
const JUST_BEGUN = 1_000;

export class Connection {
  #how; // transports, base, user, tokens, sequence
  #owner;
  #ladder;
  #link = null;
  #rival = null;
  #timer = 0;
  #climbTimer = 0;
  #climbs = 0;
  #renewTimer = 0;
  #renewedAt = 0;
  #failures = 0;
  #refusals = 0;
  #why = "connect";
  #mendedAt = null;
  #stopped = true;

  /** `owner` is told: changed(happening, more), event(event), message(message), reload(reason), pulse(roundTrip). */
  constructor(how, owner) {
    this.#how = how;
    this.#owner = owner;
    this.#ladder = new Ladder(how.transports.length);
  }

  /** Now, whatever was waited for. */
  start() {
    this.#stopped = false;
    this.#drop();
    this.#failures = this.#refusals = 0;
    this.#ladder.top();
    this.#owner.changed("again");
    this.#try();
  }

  stop() {
    this.#stopped = true;
    this.#drop();
  }

  send(message) {
    return this.#link?.opened ? this.#link.send(message) : false;
  }

  // -- the page comes and goes -------------------------------------------------------------------

  /** Things may be better than they were: the network is back, or the page is looked at again. */
  back() {
    if (this.#stopped) return;
    if (this.#link?.opened) {
      if (!this.#link.check()) this.#replace(this.#link.level);
      else this.#climb(0);
    } else if (!this.#link || this.#link.age > JUST_BEGUN) {
      this.start();
    }
  }

  /** The browser says that there is no network. It may be wrong, so trying goes on. */
  cutOff() {
    if (this.#stopped) return;
    this.#drop();
    this.#failures = 2;
    this.#owner.changed("cut_off");
    this.#wait(backoff(this.#failures));
  }

  /** The page is left, perhaps to be shown again as it was: open streams would keep it from that. */
  away() {
    if (!this.#stopped) this.#drop();
  }

  // -- what links tell ---------------------------------------------------------------------------

  onOpen(link, greeting) {
    if (link === this.#rival) {
      this.#link?.close();
      this.#link = link;
      this.#rival = null;
    }
    this.#ladder.opened(link.level);
    this.#refusals = 0;
    this.#why = "connect";
    this.#how.user ??= greeting.user_id;
    this.#renewedAt = performance.now();
    clearTimeout(this.#renewTimer);
    const anew = this.#how.sequence.begin(greeting);
    this.#owner.changed("opened", { transport: link.transport, user: this.#how.user });
    if (anew) this.#owner.reload(greeting.reason);
    this.#planClimb();
  }

  onMessage(link, message) {
    if (link !== this.#link) return;
    if ("offset" in message) this.#event(message);
    else if (message.type === "token_expiring") this.#planRenewal(message.seconds);
    else if (message.type !== "authenticated") this.#owner.message(message);
    else if (message.recovered === false && this.#how.sequence.begin(message)) this.#owner.reload(message.reason);
  }

  onPulse(link, roundTrip) {
    if (link === this.#link) this.#owner.pulse(roundTrip);
  }

  onEnd(link, end) {
    if (link === this.#rival) return this.#rivalEnded(link);
    if (link !== this.#link) return;
    clearTimeout(this.#climbTimer);
    clearTimeout(this.#renewTimer);
    this.#link = this.#rival;
    this.#rival = null;
    if (link.opened) this.#owner.changed("lost");
    if (!this.#link) this.#afterEnd(end, link);
  }

  #event(event) {
    const { sequence } = this.#how;
    const place = sequence.placeOf(event);
    if (place === "repeat") return;
    if (place === "gap" && this.#mendedAt !== sequence.cursor) {
      this.#mendedAt = sequence.cursor;
      this.#drop();
      this.#owner.changed("lost");
      return this.#try();
    }
    if (place === "gap") this.#owner.reload("gap");
    sequence.passed(event);
    this.#owner.event(event);
  }

  // -- trying ------------------------------------------------------------------------------------

  #try() {
    clearTimeout(this.#timer);
    this.#link = this.#make(this.#ladder.level);
    this.#begin(this.#link, () => this.#how.tokens.get(this.#why));
  }

  #make(level) {
    return new Link(level, this.#how.transports[level], this);
  }

  #begin(link, token) {
    const { base, user, sequence } = this.#how;
    link.open({ base, user, cursor: sequence.cursor }, token);
  }

  #wait(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#try(), milliseconds);
  }

  #drop() {
    for (const timer of [this.#timer, this.#climbTimer, this.#renewTimer]) clearTimeout(timer);
    this.#link?.close();
    this.#rival?.close();
    this.#link = this.#rival = null;
  }

  #afterEnd(end, link) {
    const what = verdict(end.code);
    if (this.#mayBeTheCookies(end, link)) this.#afterFailure(end);
    else if (what === "never") this.#giveUp(end);
    else if (what === "token") this.#askAnew(end, link);
    else if (what === "poll" && this.#ladder.level < this.#how.transports.length - 1) this.#fallTo(end);
    else if (link.opened) this.#afterLoss(end, link);
    else this.#afterFailure(end);
  }

  /** A socket sends the browser's cookie with the token, and is refused when they are two people's. Others don't. */
  #mayBeTheCookies({ code }, link) {
    return code === CODES.NOT_ALLOWED && !link.opened && link.transport === "websocket" && this.#how.tokens.any;
  }

  #giveUp({ code, reason }) {
    this.#stopped = true;
    this.#owner.changed("refused", { code, reason });
  }

  /** A token that has run out on an open stream is the way of things; twice refused at the door is for good. */
  #askAnew(end, link) {
    this.#refusals += link.opened ? 0 : 1;
    const expired = verdict(end.code) === "token" && end.code < 4500;
    if (this.#refusals > 1 || (!this.#how.tokens.any && !(expired && link.opened))) return this.#giveUp(end);
    this.#why = expired ? "expired" : "refused";
    this.#ladder.top();
    this.#wait(end.retryAfter ?? 0);
  }

  #fallTo(end) {
    this.#ladder.bottom();
    this.#wait(end.retryAfter ?? 0);
  }

  #afterLoss(end, link) {
    if (link.age > STEADY) {
      this.#failures = 0;
      this.#ladder.steady();
    } else if (end.retryAfter === undefined) {
      this.#failures += 1;
      this.#ladder.failed();
    }
    this.#wait(end.retryAfter ?? backoff(this.#failures));
  }

  #afterFailure(end) {
    const asked = end.retryAfter !== undefined;
    if (!asked && !end.blameless && this.#ladder.failed()) return this.#try();
    this.#failures += 1;
    const again = this.#failures > 1 || globalThis.navigator?.onLine === false;
    this.#owner.changed(again ? "failed_again" : "failed", { code: end.code, reason: end.reason });
    this.#wait(end.retryAfter ?? backoff(this.#failures));
  }

  // -- a rival -----------------------------------------------------------------------------------

  #planClimb() {
    clearTimeout(this.#climbTimer);
    if (this.#ladder.level === 0) {
      this.#climbs = 0;
      return;
    }
    const limit = Math.min(CLIMB_LONGEST, CLIMB_FIRST * 2 ** this.#climbs);
    this.#climbTimer = setTimeout(() => this.#climb(0), limit * (0.5 + Math.random() / 2));
  }

  /** Try a better transport beside the one that works. */
  #climb(level) {
    if (this.#rival || !this.#link?.opened || level >= this.#link.level) return;
    if (level === 0) this.#climbs += 1;
    this.#replace(level);
  }

  #replace(level, token = () => this.#how.tokens.get("connect")) {
    if (this.#rival) return;
    this.#rival = this.#make(level);
    this.#begin(this.#rival, token);
  }

  #rivalEnded(rival) {
    this.#rival = null;
    if (rival.level + 1 < this.#link.level) this.#climb(rival.level + 1);
    else this.#planClimb();
  }

  // -- a fresh token -----------------------------------------------------------------------------

  /** At once, but for tokens so short that this would never end: those at half of what is left. */
  #planRenewal(seconds) {
    const sooner = this.#renewedAt + seconds * 500 - performance.now();
    clearTimeout(this.#renewTimer);
    this.#renewTimer = setTimeout(() => this.#renew(), Math.max(0, sooner));
  }

  /** One that can't be had now is asked for again when the stream has ended. */
  async #renew() {
    const link = this.#link;
    this.#renewedAt = performance.now();
    const token = await this.#how.tokens.get("expiring").catch(() => null);
    if (!token || link !== this.#link || !link?.opened) return;
    if (!link.renew(token)) this.#replace(link.level, () => token);
  }
}
