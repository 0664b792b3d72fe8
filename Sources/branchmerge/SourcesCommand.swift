import ArgumentParser
struct SourcesCommand: ParsableCommand { static let configuration = CommandConfiguration(commandName: "sources") }
