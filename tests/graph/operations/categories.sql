SELECT categories_1.code, categories_1.name, categories_1.name_en, (SELECT count(courses.id) AS count_1 
FROM courses 
WHERE courses.category_id = categories_1.id AND courses.state = 'PUBLISHED') AS anon_1 
FROM categories AS categories_1
ORDER BY categories_1.position ASC, categories_1.id 

LIMIT 50;
