// The page works without this script; it adds local times and live progress.

const POLL_MS = 1000;
const ANNOUNCED_STEPS = 10; // a screen reader that reads each submission would never stop
const FOCUS_KEY = "course-page-focus";

function showLocalTimes() {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const element of document.querySelectorAll("time[datetime]")) {
    const time = new Date(element.dateTime);
    if (Number.isNaN(time.valueOf())) continue;
    element.title = element.textContent;
    element.textContent = format.format(time);
  }
}

function localValue(time) {
  const local = new Date(time.valueOf() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

// Due dates are typed in the time zone of the browser and sent in UTC.
function useLocalZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const input of document.querySelectorAll("input[type='datetime-local']")) {
    if (input.dataset.utc) input.value = localValue(new Date(input.dataset.utc));
    input.form.querySelector(".zone").textContent = zone;
    input.form.addEventListener("formdata", ({ formData }) => {
      if (input.value) formData.set(input.name, new Date(input.value).toISOString());
    });
  }
}

function reload() {
  sessionStorage.setItem(FOCUS_KEY, document.activeElement?.id ?? "");
  location.reload();
}

function restoreFocus() {
  const id = sessionStorage.getItem(FOCUS_KEY);
  sessionStorage.removeItem(FOCUS_KEY);
  if (id) document.getElementById(id)?.focus({ preventScroll: true });
}

function announce(status, { done, of }) {
  const step = Math.max(1, Math.floor(of / ANNOUNCED_STEPS));
  if (of && (done === of || done % step === 0)) status.textContent = `${done} of ${of}`;
}

// JupyterHub wants the token in requests of scripts, too.
function askForTask(address) {
  const token = document.querySelector("input[name='_xsrf']").value;
  return fetch(address, { cache: "no-store", headers: { "X-XSRFToken": token } });
}

async function follow(section) {
  const bar = section.querySelector("progress");
  const status = section.querySelector("[role='status']");
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    let task;
    try {
      const reply = await askForTask(section.dataset.task);
      if (!reply.ok) throw new Error(reply.statusText);
      task = await reply.json();
    } catch {
      status.textContent = "The server doesn’t answer. Trying again …";
      continue;
    }
    if (!task.running) {
      reload();
      return;
    }
    if (task.of) {
      bar.max = task.of;
      bar.value = task.done;
    }
    announce(status, task);
  }
}

showLocalTimes();
useLocalZone();
restoreFocus();
for (const section of document.querySelectorAll("[data-task]")) follow(section);
