// The start page by itself, for Notebook 7 and for paper.
import { CourseHome } from "./home.js";

const base = new URL(".", document.baseURI); // the server's own address
const encode = (path) => path.split("/").map(encodeURIComponent).join("/");

async function request(path, content) {
  const token = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)?.[1] ?? "";
  const headers = { "Content-Type": "application/json", "X-XSRFToken": token };
  const init = content && { method: "POST", headers, body: JSON.stringify(content) };
  return (await fetch(new URL(path, base), init)).json();
}

function href(path, kind) {
  const folders = {
    notebook: "notebooks/",
    resume: "notebooks/",
    file: "edit/",
    feedback: "files/",
  };
  const address = new URL((folders[kind] ?? "") + encode(path), base);
  if (kind === "resume") address.searchParams.set("course", "next"); // see plugins.js
  return address.href;
}

const home = new CourseHome(document.querySelector("main"), {
  request,
  href,
  print: () => print(),
});
document.addEventListener("visibilitychange", () => document.hidden || home.load());
await home.load();
