import Files
import Foundation
import Testing

struct OutputFileTests {
  private static let block = 1 << 18

  @Test(arguments: [false, true])
  func `what was appended is in the file, with its hash`(isDurable: Bool) throws {
    var random = SplitMix64(seed: 8)
    try inFolder { folder in
      let path = folder + "/out"
      var output = try OutputFile(path, isDurable: isDurable)
      var expected: [UInt8] = []
      let sizes = [0, 1, 100, Self.block - 101, Self.block - 1, 1, Self.block, Self.block + 1, 5]
      for size in sizes + (isDurable ? [9 << 20, 10] : [10]) {
        let byte = UInt8(random.int(32...126))
        let bytes = Array(repeating: byte, count: size)
        if random.once(in: 2) {
          try output.append(bytes.span)
        } else {
          try output.append(String(decoding: bytes, as: UTF8.self))
        }
        expected += bytes
        let count = output.byteCount
        #expect(count == expected.count)
      }
      let digest = try output.finish()
      #expect(try contents(of: path) == expected)
      let whole = Digest(of: expected.span)
      #expect(digest == whole)
    }
  }

  @Test func `a file that nothing was appended to is empty`() throws {
    try inFolder { folder in
      var output = try OutputFile(folder + "/out", isDurable: false)
      let digest = try output.finish()
      #expect(digest.description == "99aa06d3014798d86001c324468d497f")
      #expect(try contents(of: folder + "/out") == [])
    }
  }

  @Test(arguments: [10, 1 << 20])
  func `an unfinished file is removed`(size: Int) throws {
    try inFolder { folder in
      do {
        var output = try OutputFile(folder + "/out", isDurable: false)
        try output.append(String(repeating: "x", count: size))
        #expect(FileManager.default.fileExists(atPath: folder + "/out"))
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
    }
  }

  @Test func `a finished file stays and replaces what had its name`() throws {
    try inFolder { folder in
      try write("an older and longer text", to: folder + "/out")
      do {
        var output = try OutputFile(folder + "/out", isDurable: false)
        try output.append("new")
        _ = try output.finish()
      }
      #expect(try contents(of: folder + "/out") == Array("new".utf8))
    }
  }

  @Test func `a file that cannot be created is an error, and what has its name stays`() throws {
    try inFolder { folder in
      let path = folder + "/link"
      try FileManager.default.createSymbolicLink(
        atPath: path, withDestinationPath: folder + "/none/file")
      do {
        _ = try OutputFile(path, isDurable: false)
        Issue.record("a file in no folder was created")
      } catch let error as FileError {
        #expect(error.description == "\(path): could not create it: No such file or directory")
      }
      #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil)
    }
  }
}

struct FolderTests {
  @Test func `a second lock is refused with the process that holds the first`() throws {
    try inFolder { folder in
      let path = folder + "/lock"
      let process = ProcessInfo.processInfo.processIdentifier
      try withExtendedLifetime(FileLock(path)) {
        for _ in 0..<2 {
          let error = #expect(throws: FileError.self) { _ = try FileLock(path) }
          #expect(
            error?.description == "\(path): another run is at work in this workspace, process"
              + " \(process); wait for its end")
        }
      }
      #expect(throws: Never.self) { _ = try FileLock(path) }
    }
  }

  @Test func `a lock takes the place of one that a process left behind`() throws {
    try inFolder { folder in
      try write("12345678901234567890", to: folder + "/lock")
      let lock = try FileLock(folder + "/lock")
      let process = String(ProcessInfo.processInfo.processIdentifier)
      let holder = try contents(of: folder + "/lock")
      withExtendedLifetime(lock) { #expect(holder == Array(process.utf8)) }
    }
  }

  @Test func `files below a folder come in byte order, without the hidden ones`() throws {
    try inFolder { folder in
      try Folder.create(folder + "/b/c")
      try Folder.create(folder + "/.git")
      for name in ["b/c/z", "B", "a", "é", ".hidden", ".git/x", "b/.y"] {
        try write("", to: folder + "/" + name)
      }
      #expect(Folder.files(below: folder) == ["B", "a", "b/c/z", "é"])
      #expect(Folder.files(below: folder + "/none") == [])
      #expect(
        Folder.matches(folder + "/{a,B,none}") == [folder + "/B", folder + "/a"])
      #expect(Folder.matches(folder + "/*/c/?") == [folder + "/b/c/z"])
      #expect(Folder.matches(folder + "/none*") == [])
      #expect(Folder.isFolder(folder + "/b") && !Folder.isFolder(folder + "/a"))
    }
  }

  @Test func `a folder that cannot be created and a rename that fails are errors`() throws {
    try inFolder { folder in
      try write("x", to: folder + "/file")
      let error = #expect(throws: FileError.self) { try Folder.create(folder + "/file/below") }
      #expect(error?.path == folder + "/file")
      #expect(error?.message.hasPrefix("could not create this folder: ") == true)
      try Folder.rename(folder + "/file", to: folder + "/new", isDurable: true)
      #expect(Folder.files(below: folder) == ["new"])
      let failed = #expect(throws: FileError.self) {
        try Folder.rename(folder + "/file", to: folder + "/newer", isDurable: false)
      }
      #expect(
        failed?.description
          == "\(folder)/newer: could not put it in place: No such file or directory")
    }
  }
}
