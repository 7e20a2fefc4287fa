// When an assignment is due, in the viewer's own time zone, and what a late submission costs.
import { createNode } from "./question.js";

const DAY_MS = 24 * 60 * 60 * 1000;

/** Return a time in the viewer's own time zone. */
export function formatTime(iso, withZone = false) {
  const options = { weekday: "short", day: "numeric", month: "short", hour: "numeric" };
  const zone = withZone ? { timeZoneName: "short" } : {};
  const format = new Intl.DateTimeFormat(undefined, { ...options, minute: "2-digit", ...zone });
  const time = createNode("time", "", format.format(new Date(iso)));
  time.dateTime = iso;
  return time;
}

function timeLeft(iso) {
  const left = new Date(iso) - Date.now();
  const [size, unit] = Math.abs(left) < DAY_MS ? [DAY_MS / 24, "hour"] : [DAY_MS, "day"];
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(
    Math.trunc(left / size),
    unit,
  );
}

/** Return when a deadline (course/server/deadlines.py) is, as a line. */
export function drawDue({ due }, tag = "p") {
  const isPast = new Date(due) < Date.now();
  const state = isPast ? "Was due " : "Due ";
  const line = createNode(tag, "course-due", state, formatTime(due, true), ` (${timeLeft(due)})`);
  line.dataset.past = isPast;
  return line;
}

/** Return the late rule and what is special for this student, as one text. */
export const ruleText = ({ rule, notes }) => [rule, ...notes].filter(Boolean).join(" ");
