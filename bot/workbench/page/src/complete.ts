// What the composer offers to complete: a command at the start, the bot's name after an @.

export interface Completion {
  value: string; // what is being completed, whole
  detail: string;
  result: string; // the text once taken
}

interface Command {
  command: string;
  description: string;
  usage_hint: string;
}

export function completions(text: string, commands: readonly Command[], bot: string): Completion[] {
  if (/^\/\S*$/.test(text)) {
    return commands
      .filter((one) => one.command.startsWith(text.toLowerCase()))
      .map((one) => ({ value: one.command, detail: [one.usage_hint, one.description].filter(Boolean).join(" — "), result: `${one.command} ` }));
  }
  const begun = /(^|\s)@(\S*)$/.exec(text);
  if (!begun || !bot.toLowerCase().startsWith(begun[2].toLowerCase())) return [];
  return [{ value: `@${bot}`, detail: "the bot", result: `${text.slice(0, text.length - begun[2].length - 1)}@${bot} ` }];
}
