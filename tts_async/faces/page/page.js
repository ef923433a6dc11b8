"use strict";
for (const article of document.querySelectorAll("article")) {
  const audio = article.querySelector("audio");
  if (!audio) continue;
  const wave = article.querySelector(".wave");
  const transcript = article.querySelector(".transcript");
  const sentences = [...article.querySelectorAll("[data-t]")];
  const times = sentences.map((each) => each.dataset.t.split(" ").map(Number));
  let shown = null;

  const at = (time) => {
    let low = 0, high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle][0] <= time) low = middle + 1; else high = middle;
    }
    return low && time < times[low - 1][1] ? sentences[low - 1] : null;
  };
  const show = () => {
    if (wave && audio.duration) wave.style.setProperty("--played", `${100 * audio.currentTime / audio.duration}%`);
    const now = at(audio.currentTime);
    if (now === shown) return;
    shown?.classList.remove("on");
    now?.classList.add("on");
    shown = now;
    if (!now) return;
    const top = now.offsetTop, bottom = top + now.offsetHeight;
    const seen = transcript.scrollTop, end = seen + transcript.clientHeight;
    if (top < seen || bottom > end) transcript.scrollTop = top - transcript.clientHeight / 3;
  };
  const play = (time) => {
    audio.currentTime = time;
    audio.play().catch(() => {});
    show();
  };

  for (const event of ["timeupdate", "seeking", "loadedmetadata"]) audio.addEventListener(event, show);
  audio.addEventListener("error", () => { article.querySelector(".unplayable").hidden = false; });
  transcript?.addEventListener("click", (event) => {
    const sentence = event.target.closest("[data-t]");
    if (sentence) play(times[sentences.indexOf(sentence)][0] + 0.001);
  });
  wave?.addEventListener("click", (event) => {
    const box = wave.getBoundingClientRect();
    if (audio.duration) play(audio.duration * (event.clientX - box.left) / box.width);
  });
}
