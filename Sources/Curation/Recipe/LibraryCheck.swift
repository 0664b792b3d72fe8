internal import Files
internal import Foundation
package import Notation

/// What `branchmerge check` found out about cards, filters and recipes.
package struct LibraryCheck {
  package private(set) var sources = 0
  package private(set) var filters = 0
  package private(set) var examples = 0
  /// Recipes whose branches hold; what they say of models is not judged here.
  package private(set) var recipeFiles: [String] = []
  package private(set) var recipes = 0
  /// Files that say how checkpoints are merged, which are not judged here.
  package private(set) var mergeFiles: [String] = []
  package private(set) var errors: [RecipeError] = []

  /// Decodes and resolves these files and all that lie in these folders.
  package init(_ paths: [String]) throws {
    for path in paths {
      guard FileManager.default.fileExists(atPath: path) else {
        throw FileError(path, "there is no such file or folder")
      }
      let library = Library(near: path)
      errors += library.duplicateNames()
      if Folder.isFolder(path) {
        let found = Folder.files(below: path).filter { file in
          (file.hasSuffix(".yaml") || file.hasSuffix(".yml"))
            && ["datasets", "filters"].contains { isBelow($0, "/" + path + "/" + file) }
        }
        for file in found { check(path + "/" + file, library) }
      } else {
        check(path, library)
      }
    }
    errors = Set(errors).sorted()
  }

  private func isBelow(_ folder: String, _ path: String) -> Bool { path.contains("/\(folder)/") }

  private mutating func check(_ path: String, _ library: Library) {
    do {
      let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
      let text = try Library.text(of: absolute)
      let yaml = try YAML(parsing: text, file: Library.shown(absolute))
      let name = path.fileName.withoutExtension
      let keys = try yaml.entries("the file").map { try $0.key.text("a key") }
      if keys.contains("branches") {
        recipes += 1
        _ = try Plan(Recipe(reading: path), library: library)
        recipeFiles.append(path)
      } else if keys.contains("keep") {
        filters += 1
        let filter = try Filter(yaml, name: name, text: text)
        examples += filter.examples.count
        errors += filter.failedExamples(library.cardNames.compactMap { try? library.card($0) })
      } else if keys.contains("fields"), isBelow(Library.benchmarkFolder, absolute) {
        _ = try BenchmarkCard(yaml, name: name, text: text)
      } else if keys.contains("fields") {
        sources += 1
        _ = try SourceCard(yaml, name: name, text: text)
      } else if keys.contains("merge_method") {
        mergeFiles.append(path)
      } else {
        errors.append(
          yaml.fail(
            "is neither a source ('fields'), nor a filter ('keep'), nor a recipe ('branches'), nor"
              + " a merge file ('merge_method')"))
      }
    } catch let found as RecipeErrors {
      errors += found.errors
    } catch let found as RecipeError {
      errors.append(found)
    } catch {
      errors.append(RecipeError(path, "\(error)"))
    }
  }
}
