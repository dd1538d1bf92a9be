/** One subcommand of `tenon`. */
export interface Command {
  /** The whole help page; ends with a newline and fits one screen. */
  help: string;
  /**
   * Runs the command.
   *
   * @returns the exit code: 0 success, 1 the operation failed
   * @throws {@link ToolkitError} for the entry point to print
   */
  run(argv: readonly string[]): Promise<number>;
}
