// Initials on a colour of the person's own; the bot's is its check mark.

export function Avatar({ name, bot = false, square = false }: { name: string; bot?: boolean; square?: boolean }) {
  const initials = name.split(/\s+/).slice(0, 2).map((word) => word[0] ?? "").join("");
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 6, 7);
  return (
    <span className={`avatar ${square ? "square" : ""} ${bot ? "bot" : `hue-${hue}`}`} aria-hidden="true">
      {bot ? "✓" : initials}
    </span>
  );
}
