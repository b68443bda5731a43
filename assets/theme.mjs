// Light or dark: as the system has it, until a person chooses.

const THEMES = ["light", "dark"];
const KEY = "theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const set = (theme) => (document.documentElement.dataset.bsTheme = theme);
const followSystem = () => set(localStorage.getItem(KEY) ?? (system.matches ? "dark" : "light"));

export function startTheme() {
  followSystem();
  system.addEventListener("change", followSystem);
}

export function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(document.documentElement.dataset.bsTheme) + 1) % THEMES.length];
  localStorage.setItem(KEY, theme);
  set(theme);
}
