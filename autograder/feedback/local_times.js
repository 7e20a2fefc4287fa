// The page works without this script: then its times stay in UTC.
for (const element of document.querySelectorAll("time[datetime]")) {
  const format = new Intl.DateTimeFormat(undefined, {
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "numeric",
    minute: "2-digit",
    timeZoneName: "short",
  });
  element.title = element.textContent;
  element.textContent = format.format(new Date(element.dateTime));
}
