package puente.launcher;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** A command of add, list and remove, each with the options that name a configuration. */
final class TableCommands {
  private TableCommands() {}

  static CommandLine of(Object command, UserTableOptions... parts) {
    CommandLine line = new CommandLine(command);
    for (UserTableOptions part : parts) {
      CommandLine one = new CommandLine(part);
      SettingOptions.addFileOptions(one.getCommandSpec());
      line.addSubcommand(part.getClass().getAnnotation(Command.class).name(), one);
    }
    return line;
  }
}
