/* Has something happen on one of the sandbox's platforms. */

import { post, sandbox } from "./api.js";

const HAPPENINGS = {
  github: { push: "a push", issues: "an issue", pull_request: "a pull request", release: "a release", star: "a star", fork: "a fork" },
  gmail: { mail: "a mail" },
  slack: { message: "a message" },
  calendar: { event: "a new appointment" },
  spotify: { play: "a song ended" },
  youtube: { like: "a video was liked" },
  discord: { guild_joined: "a server was joined" },
  linkedin: { profile_changed: "the profile changed" },
};
const PUSHED = new Set(["github", "gmail", "slack", "calendar"]);

/** In words, what has happened. Where nothing is pushed, we have to look afterwards. */
export async function play(platform, user) {
  const kinds = Object.entries(HAPPENINGS[platform]);
  const [kind, words] = kinds[Math.floor(Math.random() * kinds.length)];
  await post(`${sandbox}/_control/${platform}/activity`, { user, kind });
  if (!PUSHED.has(platform)) await post(`/api/connections/${platform}/sync`);
  return words;
}
