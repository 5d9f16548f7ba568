"""Leaks: does a table, a store or a training know what nobody could have known?"""
