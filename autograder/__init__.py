"""Publish and grade the course; for instructors only, never installed for students.

Packages import only what is listed below them.

    __main__             the commands: ``python -m autograder --help``
    commands/            the arguments of each command, and what it runs
      build              ``python -m autograder build``
      new                ``new``
      grade              ``grade``
      adopt              ``adopt``
      plan               ``plan``
      statistics         ``statistics``
      lms                ``lms FORMAT``, ``lms send``, ``lms roster`` and ``lms key``
      questions          ``questions``
      similarity         ``similarity``
      extend             ``extend``
      deadlines          ``deadlines``
      log                ``log``
      person             ``person``
      page               ``page``
      times              ``times``
      doctor             ``doctor``
      arguments          arguments that several commands share
    course_page/         the page for an instructor's term, at the grader's server
      cli                start the page on a laptop
      routes             its addresses, and who may use them
      views              the page as HTML
      actions            what an instructor can do there
      exports            grades as files
      tasks              commands that run beside the server
      interrupted        what ran when the server ended
      waiting            submissions, and those that need a person
      machine            disk, backups and the log
    doctor               check how well students' code is isolated on this machine
    lms/                 files for learning management systems
      cli                write a file of grades or questions
      grade_files        grades for Canvas, Moodle, Blackboard and ILIAS
      questions          a lesson's questions with their keys
      moodle_xml         questions as Moodle XML
      moodle_fields      those with fields
      qti                questions as a QTI 2.1 package
      qti_fields         those with fields
      xhtml              Markdown as XHTML
    lti/                 grades to and a roster from an LMS, by LTI 1.3
      cli                send, read the roster, show the key
      grades             send scores
      roster             add students
      people             who in the LMS is who in the course
      client             requests with access tokens
      key                our key
      platform           where the LMS is
    reports/             reports for instructors
      item_analysis      difficulty and discrimination of each question
      class_report       what the class understood, with advice
      class_page         the same as HTML and CSV
      attempts           how often students tried before they were right
      intervals          confidence intervals
      similarity         submissions that are suspiciously alike
      fingerprints       fingerprints of code and prose, by winnowing
      check_record       the record of the Check button
      person             export or erase all data about one person
      lesson_times       how long each lesson runs
      claims_ledger      the claims in the lessons and their evidence
    batch/               grade a whole class
      cli                ``python -m autograder grade``
      batch              grade all submissions of an assignment
      course_folder      the submissions and settings of an assignment
      scheduler          hand jobs to workers and survive their crashes
      executors          workers on this machine
      dask               workers on a Dask cluster
      job                grade one submission, from plain data to plain data
      result             a job's result as validated JSON
      result_cache       results kept for the next run
      inputs             what a result depends on, part by part
      changes            what a run changes for a student, and why
      deadlines          show and set due dates, and apply the late rules
      late_penalties     compute late penalties again, without grading
      extend             more time for one student
      gradebook_writer   the only process of a run that writes to the gradebook
      gradebook_lock     wait for a locked gradebook and name who holds it
      report             the report of a run, as text and JSON
      capacity           estimate cores, memory and minutes for a class
      fingerprint        a hash of the grader and its libraries
      fast_imports       skip a slow import that grading never needs
    nbgrader_plugins/    the only package that uses nbgrader
      release            check what is generated and released
      generate           generate an assignment that may be in use
      collect            collect submissions and remove what is unsafe
      autograde          grade submissions
      find_files         find files in linear time, and within limits
      feedback           generate feedback
      release_feedback   release feedback
      export             export grades
      formgrader_log     write what people change in formgrader to the audit log
      formgrader_rubrics  show rubrics in formgrader
      gradebook          write scores and comments
      gradebook_cells    update an assignment's cells, keeping scores
      gradebook_connection  connect to the gradebook, or say why not
      gradebook_reader   read all scores of an assignment
      direct_writer      write graded submissions directly
      converter_writer   write graded submissions through nbgrader's converter
      completed_source   the instructor's notebooks with headers and autotests
      adopt              take over another nbgrader course
      import_gradebook   import students, due dates and scores given by hand
      roster             students and their ids at an LMS
      course_config      the settings of a course
      course_paths       the folders of an assignment
      timestamps         submission times in any time zone
      late_policy        late penalties
      late_days          late days that each submission spends
      public_deadlines   publish due dates and late rules in the exchange
      extensions         extend a student's due date
      overview           how far assignments are, and when they are due
      person             what the gradebook and the folders hold about a person
      review             why a submission needs review
    feedback/            the feedback page
      render             render the page within limits
      markup             Markdown and code as safe HTML
      page               data and HTML filter for the page
      answers            exercises and questions with their titles
      changes            how a score has changed
      results            what each answer earned and why
      formulas           formulas as MathML
      times              times in UTC and in the reader's time zone
      questions          questions with or without the key
    publish/             build notebooks and check releases
      build              Markdown to the instructor's notebooks
      new_lesson         write a lesson to start from
      cell_roles         one word in the text to full cell metadata
      release_check      check a release, an allow-list
      expected_release   what a released notebook must be
      answer_leaks       find answers in anything that is published
      guessable_keys     find keys that place or length give away
      lesson_map         the map of the course on the start page
      objectives         follow the links of a lesson's objectives
      near_misses        find boxes and marks that are only nearly right
      field_near_misses  find fields that are only nearly right
      folding            a line as a person sees it
      kernel_names       find what tests read from students' kernels
      wheel_check        check the packages of ``course``
    grading/             grade one notebook
      bounded            do so in a process with limits on time and memory
      grade_notebook     merge, run and score a notebook
      find_notebook      find the notebook among a student's files
      submission         parse a submitted notebook
      limited_json       parse JSON within limits
      file_kind          what a file is that is not a notebook
      match_cells        find the instructor's cell for each submitted cell
      split_questions    separate questions that were merged into one cell
      merge              put a student's answers into the instructor's notebook
      pools              each student's variant of a question pool
      execute            run a notebook, skipping cells where possible
      run_cells          run cells one by one
      scoring            decide the points of each cell
      rescore            score questions with a corrected key
      comments           the comments for the student
      settings           the grading settings
      shared_tests       tests that must run in the student's kernel
      skip/              decide which cells can be skipped
        dependencies     cells that graded tests depend on
        independence     whether a skipped cell could matter after all
        demonstrations   slow cells that only show something
      sanitize/          make students' output safe to display
        outputs          outputs of cells
        markdown         Markdown text
    test_runner/         run the instructor's tests outside the student's kernel
      broker             pass messages between test and kernel, within time limits
      connection         start a test runner and talk to it
      forkserver         fork test runners
      runner             the process that runs tests
      remote             objects in the student's kernel, as tests see them
      kernel_agent       the code in the student's kernel that answers tests
      codec              JSON encoding of values
    kernels/             a student's kernel
      kernel             start it, run cells, restart it
      manager            start and connect to the process
      provisioner        watch the process
      client             run cells and read messages
      messages           reject oversized messages
      time_budget        time limits
      other_kernels      kernels for other languages than Python
      imports            which modules a lesson imports
      jupyter_internals  overrides of private Jupyter APIs
    sandbox/             isolate the kernel
      protection         the kinds of isolation, and what each leaves open
      host_support       find out which of them the host supports
      launch             prepare the start of a kernel
      bubblewrap         Bubblewrap, the stronger isolation
      landlock           Landlock, where no namespaces can be created
      seccomp            system call filter
      cgroups            control groups
      limits             limits on memory, processes and disk
      memory_guard       end kernels that use too much memory
      process_tree       the processes of a tree and their memory
      cpu_wait           time limits without the time that other programs took
      environment        what a kernel can see
      bounded_worker     call a function in a process with limits on time and memory
      worker_process     that process
      workspace          copy a submission's files into the sandbox
      temp_dirs          temporary folders
      forkserver_client  start and use processes that fork kernels
      fork_into          fork a kernel into a Bubblewrap sandbox
      inside/            programs in the student's process tree; standard library only
        start            run one of these programs
        forkserver       fork kernels
        kernel_main      become a kernel
        landlock_main    run a command under Landlock
        plain_multiprocessing  multiprocessing without /dev/shm and sockets
        rights           give up privileges
        probe            try to break out, for ``doctor``
    rubric               the rubric of a written answer
    student_text         what students see of an instructor's cell
    deadlines            the late rules of a course
    audit_log            who changed grades and rules, when and what
    score_history        how each score has changed, and why
    cells                roles and grading metadata of cells
    untrusted_folders    clean and copy students' folders
    student_names        valid student ids; show any name safely
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Final

_MOVED: Final = {  # modules that an nbgrader_config.py may still name
    "export": "nbgrader_plugins.export",
    "links": "nbgrader_plugins.collect",
    "preprocessors": "nbgrader_plugins.autograde, .feedback and .release",
    "publish.answers": "publish.answer_leaks",
    "publish.gate": "nbgrader_plugins.release and autograder.publish.release_check",
}


class _MovedModule(ModuleType):
    """A module under its old name; any use of it raises an error that states the new name."""

    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"autograder.{old}")
        self._message = (
            f"autograder.{old} is now autograder.{new}; see the course's nbgrader_config.py"
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(self._message)


sys.modules.update({f"autograder.{old}": _MovedModule(old, new) for old, new in _MOVED.items()})
