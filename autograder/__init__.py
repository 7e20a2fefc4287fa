"""Publish and grade the course; for instructors only, never installed for students."""
