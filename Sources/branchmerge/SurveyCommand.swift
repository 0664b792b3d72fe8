import ArgumentParser

struct SurveyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "survey")
}
